import type { ProcessGuard } from './child.ts'
import { startPostgres } from './postgres.ts'
import type { Part } from './supervisor.ts'
import { type SearchAttributeType, startTemporal } from './temporal.ts'
import { findTemporalBinary } from './temporal-binary.ts'

export interface ServerOptions {
  dataDir: string
  guard: ProcessGuard
  log: (line: string) => void
  /** Takes what a part prints, by its name. */
  outputOf: (name: string) => (line: string) => void
  /** Name of the database; `ashare` without it. */
  database: string | undefined
  temporalCli: string | undefined
  temporalNamespace: string | undefined
  searchAttributes: Readonly<Record<string, SearchAttributeType>>
}

// Other parts hold the address of the first start, so a restart comes back on the same port or not at all.
const again = (value: unknown): 'choose' | 'fail' => (value === undefined ? 'choose' : 'fail')

/** The embedded PostgreSQL as a supervised part. */
export const postgresPart = (options: ServerOptions): { part: Part; url: () => string | undefined } => {
  const { dataDir, guard, log, database } = options
  const onLine = options.outputOf('postgres')
  let port: number | undefined
  let url: string | undefined
  // A server that cannot come up says the same at each attempt.
  const said = new Set<string>()
  const sayOnce = (line: string): void => {
    if (!said.has(line)) log(line)
    said.add(line)
  }
  const start: Part['start'] = async () => {
    const fixed = { ...(port !== undefined && { port }), portWhenTaken: again(port) }
    const named = database === undefined ? {} : { database }
    const server = await startPostgres({ dataDir, guard, log: sayOnce, onLine, ...named, ...fixed })
    said.clear()
    ;({ port, url } = server)
    return { ...server, at: `127.0.0.1:${server.port}` }
  }
  return { part: { name: 'postgres', start }, url: () => url }
}

interface TemporalPart {
  part: Part
  address: () => string | undefined
  uiAddress: () => string | undefined
}

/** The embedded Temporal server as a supervised part; its binary is looked for, or made, at the first start. */
export const temporalPart = (options: ServerOptions): TemporalPart => {
  const { dataDir, guard, log, searchAttributes, temporalCli: cli, temporalNamespace: namespace } = options
  const onLine = options.outputOf('temporal')
  let binary: string | undefined
  let last: Awaited<ReturnType<typeof startTemporal>> | undefined
  const start: Part['start'] = async (signal) => {
    binary ??= await findTemporalBinary({ cli, log, guard, signal })
    const fixed = { ...(last && { port: last.port, uiPort: last.uiPort }), portWhenTaken: again(last) }
    const named = namespace === undefined ? {} : { namespace }
    last = await startTemporal({ dataDir, binary, guard, log, onLine, searchAttributes, ...named, ...fixed })
    return { ...last, at: `${last.address}, Web UI ${last.uiAddress}` }
  }
  return { part: { name: 'temporal', start }, address: () => last?.address, uiAddress: () => last?.uiAddress }
}
