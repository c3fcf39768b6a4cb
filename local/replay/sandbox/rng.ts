/** Mixes numbers into a 32-bit seed (murmur3's finaliser), so that every instrument has a stream of its own. */
export const hashSeed = (...parts: readonly number[]): number => {
  let hash = 0x9e3779b9
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    hash ^= hash >>> 16
  }
  return hash >>> 0
}

// Four independent bytes add up to a near-normal number: mean 510, standard deviation 147.8.
const BYTE_SUM_MEAN = 510
const BYTE_SUM_DEVIATION = 147.8

/**
 * xorshift128. Integers and the four basic operations only: Math.exp and friends may differ in the last bit between
 * engines, and one bit would give another market.
 */
export class Rng {
  private a: number
  private b: number
  private c: number
  private d: number

  constructor(seed: number) {
    this.a = hashSeed(seed, 1) | 1
    this.b = hashSeed(seed, 2)
    this.c = hashSeed(seed, 3)
    this.d = hashSeed(seed, 4)
  }

  /** 32 random bits as a signed integer. */
  bits(): number {
    const t = this.a ^ (this.a << 11)
    this.a = this.b
    this.b = this.c
    this.c = this.d
    this.d = this.d ^ (this.d >>> 19) ^ t ^ (t >>> 8)
    return this.d
  }

  /** 0 <= x < 1 */
  unit(): number {
    return (this.bits() >>> 0) / 4_294_967_296
  }

  /** An integer, 0 <= x < below. */
  below(below: number): number {
    return Math.floor(this.unit() * below)
  }

  /** An integer, from <= x <= to. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** Mean 0, standard deviation 1, never past 3.5. */
  normal(): number {
    const bits = this.bits()
    const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24)
    return (sum - BYTE_SUM_MEAN) / BYTE_SUM_DEVIATION
  }
}
