import { configSecrets, loadConfig } from '../config.ts'
import { misspeltSettings } from '../config-names.ts'
import { createRedactor } from '../market/redact.ts'
import { PartFailedError } from './child.ts'
import { PartInUseError } from './child-records.ts'
import { SEARCH_ATTRIBUTES } from '../workflows/contract/ids.ts'
import { AlreadyRunningError } from './data-dir.ts'
import { PortTakenError } from './ports.ts'
import { DatabaseAwayError, SetupError } from './setup-error.ts'
import { sourceNeeds } from './source-needs.ts'
import { startChecks } from './start-checks.ts'
import { type Stack, type StackOptions, startStack } from './stack.ts'
import { ownVoice, type Voice } from './voice.ts'

// npm and tsx may hand on a Ctrl-C that the terminal has sent to us as well: that is one wish, not two.
const SAME_SIGNAL_MS = 500

interface Ending {
  /** Ends a start that is under way. */
  starting: AbortController
  stack: () => Stack | undefined
  voice: Voice
}

/** Ends what runs on the first signal, in order, and by force on the second one. */
const endOnSignals = ({ starting, stack, voice }: Ending): void => {
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt !== undefined && performance.now() - firstAt < SAME_SIGNAL_MS) return
    if (firstAt !== undefined) {
      voice.line('ending by force')
      stack()?.kill()
      process.exit(130)
    }
    firstAt = performance.now()
    voice.line(`${signal}: ending (once more to end by force)`)
    starting.abort()
    void stack()
      ?.stop()
      .then(() => exit(voice))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}

/** Everything has ended because somebody wanted that. */
const exit = (voice: Voice): never => {
  voice.tell('end', {}, ['ended; the next start goes on where this one was'])
  process.exit(0)
}

/** What the environment asks for. */
export const stackOptionsFromEnvironment = (
  env: NodeJS.ProcessEnv,
  voice: Voice = ownVoice,
): StackOptions => {
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
    checks: startChecks(config),
    redact: createRedactor(configSecrets(config)).redact,
    verbose: config.LOG_LEVEL === 'debug',
    log: (line) => voice.line(line),
  }
}

/** Runs a stack in the foreground until a signal ends it. */
export const runStack = async (options: StackOptions, voice: Voice = ownVoice): Promise<Stack> => {
  const starting = new AbortController()
  let stack: Stack | undefined
  endOnSignals({ starting, stack: () => stack, voice })
  try {
    stack = await startStack({ ...options, signal: starting.signal })
    return stack
  } catch (error) {
    if (starting.signal.aborted) exit(voice)
    throw error
  }
}

/** An error of a start that explains itself: shown without its stack. */
export const isExpected = (error: unknown): error is Error =>
  [AlreadyRunningError, PartFailedError, PartInUseError, PortTakenError, SetupError].some(
    (kind) => error instanceof kind,
  )

/** Of those, one that may have gone when it is tried again. */
export const isAway = (error: unknown): error is Error => error instanceof DatabaseAwayError

/** The whole service in the foreground, as `env` sets it; returns when it is ready and leaves it running. */
export const runService = async (env: NodeJS.ProcessEnv, voice: Voice): Promise<void> => {
  const started = performance.now()
  for (const line of misspeltSettings(env)) voice.line(line)
  const { addresses } = await runStack(stackOptionsFromEnvironment(env, voice), voice)
  for (const line of sourceNeeds(loadConfig(env))) voice.line(line)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const { api, temporalUi = null } = addresses
  voice.tell('ready', { seconds: Number(seconds), api, temporal_ui: temporalUi }, [
    `ready after ${seconds} s: ${api} is the console, ${api}/docs the API`,
  ])
}
