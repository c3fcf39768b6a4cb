import { condition, sleep } from '@temporalio/workflow'
import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'
import type { SyncActivities } from './contract/activities.ts'

// A source that is down is asked again after these; the last one repeats. Short at first: most outages are a restart.
const REST_SECONDS = [5, 15, 30, 60, 120, 300] as const

/**
 * Whether a source may be asked. A failure makes it be probed once, however many batches report it at the same time:
 * while it is down nothing starts, and one probe after each rest finds out when it is up again.
 */
export class SourceRest {
  readonly #source: SourceName
  readonly #probe: SyncActivities['probeSource']
  readonly #log: (level: 'info' | 'warn', message: string) => Promise<void>
  #checking = false
  #down = false

  constructor(
    source: SourceName,
    probe: SyncActivities['probeSource'],
    log: (level: 'info' | 'warn', message: string) => Promise<void>,
  ) {
    this.#source = source
    this.#probe = probe
    this.#log = log
  }

  get down(): boolean {
    return this.#down
  }

  async untilUp(): Promise<void> {
    await condition(() => !this.#checking)
  }

  /** Resolves when the source answers a probe; a source that is alone is waited for. */
  async check(errorClass: SourceErrorClass, message: string): Promise<void> {
    if (this.#checking) return await this.untilUp()
    this.#checking = true
    try {
      for (let tries = 0; ; tries++) {
        const probe = await this.#probe({ source: this.#source, site: 'server' })
        if (probe.up) break
        const seconds = REST_SECONDS[Math.min(tries, REST_SECONDS.length - 1)] ?? 300
        this.#down = true
        if (tries === 0)
          await this.#log('warn', `${this.#source} rests (${errorClass}: ${message}); the run waits for it`)
        await sleep(seconds * 1000)
      }
      if (this.#down) await this.#log('info', `${this.#source} is up again`)
    } finally {
      this.#down = false
      this.#checking = false
    }
  }
}
