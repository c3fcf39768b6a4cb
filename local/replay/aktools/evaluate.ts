import type { ReplayMarket } from '../market.ts'
import { FUNCTIONS } from './catalogue.ts'
import type { Frame } from './frame.ts'
import type { Arguments } from './query.ts'
import { PythonError } from './python-error.ts'
import { bindArguments } from './tool-function.ts'
import type { ToolContext, ToolFunction } from './tool-function.ts'

export interface Evaluator {
  /** Whether the answer is kept already, so that no site is asked. */
  readonly isKept: (fn: ToolFunction, given: Arguments) => boolean
  /** The function's frame; throws a PythonError where the real one would. */
  readonly frameOf: (fn: ToolFunction, given: Arguments, session: number) => Frame
  /** Forgets what was kept, as a new process does. */
  readonly restart: () => void
}

// Left out and given as the default are two calls to lru_cache.
const keyOf = ({ name }: ToolFunction, given: Arguments): string => `${name} ${JSON.stringify(given)}`

/** Calls functions over a market and keeps the frames that AKShare keeps. */
export const createEvaluator = (market: ReplayMarket, isPublished: ToolContext['isPublished']): Evaluator => {
  const kept = new Map<string, Frame>()
  const frameOf: Evaluator['frameOf'] = (fn, given, session) => {
    const key = keyOf(fn, given)
    const known = kept.get(key)
    if (known !== undefined) return known
    const inner: ToolContext['frameOf'] = (name, args) => {
      const other = FUNCTIONS.get(name)
      if (other === undefined) throw new PythonError(`no function ${name}`)
      return frameOf(other, args, session)
    }
    const context: ToolContext = { market, session, isPublished, frameOf: inner }
    const frame = fn.frame(context, bindArguments(fn, given))
    if (fn.isCached) kept.set(key, frame)
    return frame
  }
  return {
    isKept: (fn, given) => kept.has(keyOf(fn, given)),
    frameOf,
    restart: () => kept.clear(),
  }
}
