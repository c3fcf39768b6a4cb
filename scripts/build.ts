/**
 * Makes dist/: the compiled programs, what they read beside their sources, and the workflow bundle.
 *
 *   npm run build
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import { buildWorkflowBundle } from '../activities/worker/bundle.ts'
import { bundleConsole } from '../api/console/assets.ts'

const ROOT = join(import.meta.dirname, '..')
const DIST = join(ROOT, 'dist')
// Folders that hold more than TypeScript: migrations, and pages that the API serves.
const WITH_FILES = ['db', 'api']

// What was deleted from the sources must not live on in the image.
rmSync(DIST, { recursive: true, force: true })

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const { status } = spawnSync(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
if (status !== 0) process.exit(status ?? 1)

const isSource = (path: string): boolean => extname(path) === '.ts'
for (const folder of WITH_FILES.filter((name) => existsSync(join(ROOT, name)))) {
  cpSync(join(ROOT, folder), join(DIST, folder), { recursive: true, filter: (path) => !isSource(path) })
}
const page = join(DIST, 'api/console/built')
mkdirSync(page, { recursive: true })
for (const [name, content] of Object.entries(await bundleConsole())) writeFileSync(join(page, name), content)
await buildWorkflowBundle(join(DIST, 'workflow-bundle.js'))
