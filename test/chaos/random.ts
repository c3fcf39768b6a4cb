/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = state
    x = Math.imul(x ^ (x >>> 15), x | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `CHAOS_SEED`, or a new one: it is printed, so that a run can be repeated. */
export function chaosSeed(): number {
  const given = Number(process.env.CHAOS_SEED ?? '')
  const seed = given > 0 ? given : 1 + Math.floor(Math.random() * 999_999)
  console.log(`[chaos] seed ${seed}: repeat with CHAOS_SEED=${seed}`)
  return seed
}
