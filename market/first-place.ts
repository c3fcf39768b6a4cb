/**
 * The first place from one on that is not before what is looked for, found by halves; the end when all are.
 *
 * @param from the first place that may be it
 * @param end the first one that is none any more
 * @param isBefore true for places up to some one, and for none behind it
 */
export function firstPlace(from: number, end: number, isBefore: (place: number) => boolean): number {
  let low = from
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
