import { readFileSync } from 'node:fs'
import { runCli } from './run.ts'

/* `ashare-sync`: reads its arguments, runs one command, ends with its exit status. */

// Of the checkout or image that this file is part of.
const versionOf = (): string => {
  const folder = import.meta.filename.endsWith('.ts') ? '..' : '../..'
  const text = readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

process.exitCode = await runCli(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  // Loaded with the first command that needs it: the help does not.
  env: async () => (await import('../config.ts')).readEnvironment(),
  version: versionOf(),
})
