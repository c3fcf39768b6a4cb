import { hashSeed, Rng } from './rng.ts'

/** What the whole market does on each session: its return (fraction) and how restless it is (1 = normal). */
export interface Climate {
  readonly returns: Float64Array
  readonly unrest: Float64Array
}

// Slow swings of the market's daily deviation between half and three times its usual 1 %.
const USUAL_DEVIATION = 0.01
const UNREST_PULL = 0.02
const UNREST_NOISE = 0.06

/** The weather that all stocks of a market share; depends on the seed and the session only, never on the window. */
export const createClimate = (seed: number, sessions: number): Climate => {
  const rng = new Rng(hashSeed(seed, 4711))
  const returns = new Float64Array(sessions)
  const unrest = new Float64Array(sessions)
  let level = 1
  for (let session = 0; session < sessions; session++) {
    level += UNREST_PULL * (1 - level) + UNREST_NOISE * rng.normal()
    level = Math.min(3, Math.max(0.5, level))
    unrest[session] = level
    returns[session] = 0.0002 + USUAL_DEVIATION * level * rng.normal()
  }
  return { returns, unrest }
}
