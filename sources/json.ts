// The longest honest answer has 10,000 rows. A text of nothing but brackets takes a worker seconds for each ten megabytes, in
// which it tells nobody that it is alive, and a hundred times its length in memory.
const MOST_BRACKETS = 200_000

/** The value of a JSON text; undefined for what is none, and for more rows than any answer has. */
export function parseJson(text: string): unknown {
  if (!hasFew(text, '{') || !hasFew(text, '[')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function hasFew(text: string, bracket: string): boolean {
  let count = 0
  for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
    if (++count > MOST_BRACKETS) return false
  return true
}
