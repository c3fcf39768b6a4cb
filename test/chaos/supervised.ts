import { fileURLToPath } from 'node:url'
import { runStack, stackOptionsFromEnvironment } from '../../local/up.ts'

// The whole product as one process tree that can be killed: what `npm start` brings, on the sandbox market.
const upstream = JSON.parse(process.env.CHAOS_UPSTREAM ?? '[]') as string[]
const token = 'token-of-the-sandbox'
const stack = await runStack({
  ...stackOptionsFromEnvironment(process.env),
  extraParts: [
    {
      name: 'upstream',
      file: fileURLToPath(new URL('../../local/replay/main.ts', import.meta.url)),
      args: ['--token', token, ...upstream],
    },
  ],
  childEnv: ({ ready }) => ({
    TUSHARE_URL: String(ready.upstream?.url),
    TUSHARE_TOKEN: token,
    TUSHARE_CALLS_PER_MINUTE: '0',
    BATCH_SIZE: process.env.BATCH_SIZE ?? '',
  }),
})
process.stdout.write(`UPSTREAM ${JSON.stringify(stack.ready.upstream)}\n`)
