import { pinyin } from 'pinyin-pro'

/*
 * Names by their sound: 贵州茅台 is found by gzmt, guizhou and gzmaotai. A character with several readings goes by all of
 * them (长 is chang and zhang), since only a person knows which one a company means.
 */

/** The readings of each character of a name; letters and digits read as they are, everything else is passed over. */
export type Sound = readonly (readonly string[])[]

const known = new Map<string, readonly string[]>()

/** How a name reads. Full-width letters are as good as plain ones. */
export function soundOf(name: string): Sound {
  return Array.from(name.normalize('NFKC').toLowerCase(), readingsOf).filter(
    (readings) => readings.length > 0,
  )
}

function readingsOf(character: string): readonly string[] {
  if (/[a-z0-9]/.test(character)) return [character]
  if (!/\p{Script=Han}/u.test(character)) return []
  const found = known.get(character) ?? [
    ...new Set(pinyin(character, { multiple: true, toneType: 'none', type: 'array', v: true })),
  ]
  known.set(character, found)
  return found
}

/**
 * Whether a name begins with what was typed: for each character its initial or all of its reading, and of the last one any
 * beginning. Letters in front (ST, N, XD) may be left out.
 *
 * @param typed small letters and digits
 */
export function soundsLike(sound: Sound, typed: string): boolean {
  const firstHan = sound.findIndex((readings) => (readings[0]?.length ?? 0) > 1)
  return goesOn(sound, typed, 0) || (firstHan > 0 && goesOn(sound, typed, firstHan))
}

function goesOn(sound: Sound, typed: string, at: number): boolean {
  if (typed === '') return true
  return (sound[at] ?? []).some(
    (reading) =>
      reading.startsWith(typed) ||
      (typed.startsWith(reading) && goesOn(sound, typed.slice(reading.length), at + 1)) ||
      (typed[0] === reading[0] && goesOn(sound, typed.slice(1), at + 1)),
  )
}
