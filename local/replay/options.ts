import { parseArgs } from 'node:util'
import type { AktoolsFault } from './aktools/faults.ts'
import type { AktoolsReplayOptions } from './aktools-server.ts'
import type { Depth } from './baostock/api.ts'
import type { BaostockReplayOptions } from './baostock-server.ts'
import type { Fault } from './faults.ts'
import type { SandboxOptions } from './sandbox/market.ts'
import type { TushareReplayOptions } from './tushare-server.ts'
import type { RateLimits } from './tushare/rate-limits.ts'

export interface ReplayProcessOptions {
  /** Directory of a recording; undefined: the sandbox market. */
  readonly data: string | undefined
  readonly sandbox: SandboxOptions
  /** The sandbox's today moves with the clock, so that the newest session is there for whoever asks for it. */
  readonly followClock: boolean
  /** Generate the whole sandbox before READY, so that no first answer is slow (benches). */
  readonly warm: boolean
  readonly server: Omit<TushareReplayOptions, 'market'>
  readonly aktools: Omit<AktoolsReplayOptions, 'market'>
  readonly baostock: Omit<BaostockReplayOptions, 'market'>
}

const SPANS = { m: 'minute', h: 'hour', d: 'day' } as const

/** `daily=500,stock_basic=1/h,*=200,daily=8000/d`: per minute unless `/h` or `/d` says otherwise. */
export const parseLimits = (text: string): RateLimits => {
  const limits: Record<string, Partial<Record<'minute' | 'hour' | 'day', number>>> = {}
  for (const part of text.split(',').filter((item) => item !== '')) {
    const match = /^([a-z_*]+)=(\d+)(?:\/([mhd]))?$/.exec(part)
    if (match === null) throw new Error(`--limits: '${part}' is not like daily=500 or stock_basic=1/h`)
    const [, api = '', calls, span = 'm'] = match
    limits[api] = { ...limits[api], [SPANS[span as keyof typeof SPANS]]: Number(calls) }
  }
  return limits
}

const wholeNumber = (name: string, text: string): number => {
  if (!/^\d+$/.test(text)) throw new Error(`--${name}: '${text}' is not a whole number`)
  return Number(text)
}

const oneOf = <T extends string>(name: string, text: string, choices: readonly T[]): T => {
  const choice = choices.find((value) => value === text)
  if (choice === undefined) throw new Error(`--${name}: '${text}' is none of ${choices.join(', ')}`)
  return choice
}

const depthOf = (text: string): Depth =>
  /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? (text as Depth)
    : oneOf('baostock-depth', text, ['all', 'newest', 'none'])

const OPTIONS = {
  port: { type: 'string', default: '0' },
  token: { type: 'string', default: 'sandbox-token' },
  stocks: { type: 'string', default: '300' },
  years: { type: 'string', default: '3' },
  seed: { type: 'string', default: '1' },
  today: { type: 'string', default: '20261120' },
  'follow-clock': { type: 'boolean', default: false },
  data: { type: 'string' },
  limits: { type: 'string', default: '' },
  points: { type: 'string', default: '15000' },
  generation: { type: 'string', default: '2026' },
  latency: { type: 'string', default: 'none' },
  faults: { type: 'string', default: '[]' },
  warm: { type: 'boolean', default: false },
  'no-gzip': { type: 'boolean', default: false },
  'aktools-port': { type: 'string', default: '0' },
  'aktools-faults': { type: 'string', default: '[]' },
  'baostock-port': { type: 'string', default: '0' },
  'baostock-faults': { type: 'string', default: '[]' },
  'baostock-depth': { type: 'string', default: 'all' },
  'baostock-quota': { type: 'string' },
} as const

/** Reads the arguments of the replay process; throws on anything it does not know. */
export const parseOptions = (args: readonly string[]): ReplayProcessOptions => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true })
  const latency = oneOf('latency', values.latency, ['none', 'live'])
  const quota = values['baostock-quota']
  return {
    data: values.data,
    warm: values.warm,
    followClock: values['follow-clock'],
    sandbox: {
      stocks: wholeNumber('stocks', values.stocks),
      years: wholeNumber('years', values.years),
      seed: wholeNumber('seed', values.seed),
      today: values.today,
    },
    server: {
      port: wholeNumber('port', values.port),
      token: values.token,
      limits: parseLimits(values.limits),
      points: wholeNumber('points', values.points),
      generation: oneOf('generation', values.generation, ['classic', '2026']),
      latency,
      faults: JSON.parse(values.faults) as Fault[],
      gzip: !values['no-gzip'],
    },
    aktools: {
      port: wholeNumber('aktools-port', values['aktools-port']),
      latency,
      faults: JSON.parse(values['aktools-faults']) as AktoolsFault[],
    },
    baostock: {
      port: wholeNumber('baostock-port', values['baostock-port']),
      latency,
      faults: JSON.parse(values['baostock-faults']) as Fault[],
      depth: depthOf(values['baostock-depth']),
      ...(quota !== undefined && { dailyQuota: wholeNumber('baostock-quota', quota) }),
    },
  }
}
