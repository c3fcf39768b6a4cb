import { CLIENT_VARIABLES, CONFIG_VARIABLES, FILE_VARIABLES } from './config.ts'
import { readDotenv } from './config-files.ts'

/*
 * Names that nobody reads but that look like one that is read: a misspelt setting would else be silently without effect.
 */

const KNOWN = [...CONFIG_VARIABLES, ...FILE_VARIABLES, ...CLIENT_VARIABLES]

// Names of these families can only be meant for this service, wherever they are set.
const OWN = /^(TUSHARE|AKSHARE|AKTOOLS|BAOSTOCK)_/
// A letter left out, doubled, wrong, or two that changed places.
const MOST_SLIPS = 2

/** Names that are set and look like a misspelt setting, each with what to say about it. */
export function misspeltSettings(env: NodeJS.ProcessEnv, dotenvPath = '.env'): string[] {
  const read = readDotenv(dotenvPath)
  const inFile = 'values' in read ? Object.keys(read.values) : []
  const suspects = new Set([...inFile, ...Object.keys(env).filter((name) => OWN.test(name))])
  return [...suspects].filter((name) => !KNOWN.includes(name)).flatMap(aboutName)
}

function aboutName(name: string): string[] {
  const near = KNOWN.find((each) => slips(name, each) <= MOST_SLIPS)
  if (near !== undefined) return [`${name} is no setting: is ${near} meant?`]
  // Others may share the file with us, e.g. docker-compose.yml.
  return OWN.test(name) ? [`${name} is no setting`] : []
}

/** The number of letters to put in, take out or change to make one name of the other. */
function slips(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1]
    for (const [j, other] of Array.from(b).entries())
      next.push(
        Math.min(
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
          (row[j] ?? 0) + (letter.toUpperCase() === other ? 0 : 1),
        ),
      )
    row = next
  }
  return row.at(-1) ?? 0
}
