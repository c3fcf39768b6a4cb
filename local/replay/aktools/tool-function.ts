import type { ReplayMarket } from '../market.ts'
import type { Frame } from './frame.ts'
import { PythonError, PythonKeyError } from './python-error.ts'
import type { Arguments } from './query.ts'

/** The web sites behind the functions: what is up, banned or down as one. */
export const SITES = ['eastmoney', 'sina', 'exchanges'] as const
export type Site = (typeof SITES)[number]

export interface ToolContext {
  readonly market: ReplayMarket
  /** The newest session that this answer knows; one before the market's own when the answer is stale. */
  readonly session: number
  /** False while an instrument's row of a session is held back. */
  readonly isPublished: (id: number, session: number) => boolean
  /** Another function's frame, from its cache where it has one. */
  readonly frameOf: (name: string, given: Arguments) => Frame
}

/** What a call is about, so that faults can name it; whole-market calls name nothing. */
export interface Subject {
  /** `600000.SH` */
  readonly code?: string
  /** `YYYYMMDD` */
  readonly date?: string
}

export interface ToolFunction {
  readonly name: string
  readonly site: Site
  /** Parameters with the values that they have when left out. Null: one that ends in an exception whatever is given. */
  readonly parameters: Readonly<Record<string, string | null>>
  /** Words that a parameter may be; another one is refused before the site is asked. In the order of the checks. */
  readonly choices: Readonly<Record<string, readonly string[]>>
  /** Keeps its first answer until the process ends (lru_cache). */
  readonly isCached: boolean
  /** Requests that it sends to its site, one after the other. */
  readonly requests: (market: ReplayMarket) => number
  /** What the site takes for one of them, with the pause after it, in ms. */
  readonly requestMs: number
  readonly subject: (args: Arguments, market: ReplayMarket) => Subject
  /** Throws a PythonError when the real one would. */
  readonly frame: (context: ToolContext, args: Arguments) => Frame
}

type Optional = 'parameters' | 'choices' | 'isCached' | 'requests' | 'requestMs' | 'subject'
export type FunctionSpec = Omit<ToolFunction, Optional> & Partial<Pick<ToolFunction, Optional>>

// No one measured these: a request across the country with the site's own work.
const USUAL_REQUEST_MS = 200

export const createFunction = (spec: FunctionSpec): ToolFunction => ({
  parameters: {},
  choices: {},
  isCached: false,
  requests: () => 1,
  requestMs: USUAL_REQUEST_MS,
  subject: () => ({}),
  ...spec,
})

/** The arguments with defaults for those that were left out. Throws on a name that the function does not have. */
export const bindArguments = ({ parameters }: ToolFunction, given: Arguments): Arguments => {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parameters, name))
  if (unknown !== undefined) throw new PythonError(`unexpected keyword argument '${unknown}'`)
  const defaults = Object.entries(parameters).flatMap(([name, value]) =>
    value === null ? [] : [[name, value] as const],
  )
  return { ...Object.fromEntries(defaults), ...given }
}

/** Everything that fails before a site is asked. */
export const checkArguments = ({ parameters, choices }: ToolFunction, args: Arguments): void => {
  for (const [name, words] of Object.entries(choices)) {
    const word = args[name] ?? ''
    if (!words.includes(word)) throw new PythonKeyError(word)
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null && Object.hasOwn(args, name)) throw new PythonError(`${name} is no number`)
  }
}

/** How many pages a list of this length has. */
export const pagesOf = (rows: number, perPage: number): number => Math.max(1, Math.ceil(rows / perPage))
