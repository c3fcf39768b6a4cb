import { ConfigError, configSecrets, loadConfig } from '../config.ts'
import { createRedactor } from '../market/redact.ts'
import { PartFailedError } from './child.ts'
import { PartInUseError } from './child-records.ts'
import { SEARCH_ATTRIBUTES } from '../workflows/contract/ids.ts'
import { AlreadyRunningError } from './data-dir.ts'
import { PortTakenError } from './ports.ts'
import { sourceNeeds } from './source-needs.ts'
import { type Stack, type StackOptions, startStack } from './stack.ts'

const print = (line: string): void => void process.stdout.write(`${line}\n`)

// npm and tsx may hand on a Ctrl-C that the terminal has sent to us as well: that is one wish, not two.
const SAME_SIGNAL_MS = 500

/**
 * Ends `stack` on the first signal, in order, and by force on the second one. `starting` ends a start that is under
 * way in the same manner.
 */
const endOnSignals = (starting: AbortController, stack: () => Stack | undefined): void => {
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt !== undefined && Date.now() - firstAt < SAME_SIGNAL_MS) return
    if (firstAt !== undefined) {
      print('ending by force')
      stack()?.kill()
      process.exit(130)
    }
    firstAt = Date.now()
    print(`${signal}: ending (once more to end by force)`)
    starting.abort()
    const running = stack()
    if (running) void running.stop().then(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}

/** What the environment asks for. */
export const stackOptionsFromEnvironment = (env: NodeJS.ProcessEnv): StackOptions => {
  const config = loadConfig(env)
  return {
    dataDir: config.DATA_DIR,
    host: config.HOST,
    port: config.PORT,
    databaseUrl: config.DATABASE_URL,
    temporalAddress: config.TEMPORAL_ADDRESS,
    temporalNamespace: config.TEMPORAL_NAMESPACE,
    temporalCli: config.TEMPORAL_CLI,
    searchAttributes: SEARCH_ATTRIBUTES,
    redact: createRedactor(configSecrets(config)).redact,
    verbose: config.LOG_LEVEL === 'debug',
    log: print,
  }
}

/** Runs a stack in the foreground until a signal ends it. */
export const runStack = async (options: StackOptions): Promise<Stack> => {
  const starting = new AbortController()
  let stack: Stack | undefined
  endOnSignals(starting, () => stack)
  try {
    stack = await startStack({ ...options, signal: starting.signal })
    return stack
  } catch (error) {
    if (starting.signal.aborted) process.exit(0)
    throw error
  }
}

/** An error that explains itself: shown without its stack. */
export const isExpected = (error: unknown): error is Error =>
  [AlreadyRunningError, ConfigError, PartFailedError, PartInUseError, PortTakenError].some(
    (kind) => error instanceof kind,
  )

/** The whole service in the foreground, as `env` sets it; returns when it is ready and leaves it running. */
export const runService = async (env: NodeJS.ProcessEnv): Promise<void> => {
  // `npm start | head` closes our output; the service goes on.
  process.stdout.on('error', () => undefined)
  const started = Date.now()
  const { addresses } = await runStack(stackOptionsFromEnvironment(env))
  for (const line of sourceNeeds(loadConfig(env))) print(line)
  print(`ready after ${((Date.now() - started) / 1000).toFixed(1)} s: ${addresses.api}`)
}
