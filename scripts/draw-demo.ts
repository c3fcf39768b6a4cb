/**
 * Draws what `npm run demo -- --exit` prints as the picture in the README, docs/demo.svg. The demo is read from the standard
 * input, since a terminal would get progress bars that come and go:
 *
 *   npm run demo -- --exit | npm run draw:demo
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const FILE = join(import.meta.dirname, '../docs/demo.svg')
const WIDTH = 1_038
const LINE = 19
const TOP = 30
const LEFT = 18
// So many characters of the font fit into the width.
const MOST_CHARACTERS = 128
const PLAIN = '#d7dce2'
const COMMAND = '#8bd5ca'
/** The first that fits gives a line its colour. */
const COLORS: readonly [RegExp, string][] = [
  [/^\s*TUSHARE IS/, '#f7768e'],
  [/warn: |rests until/, '#e0af68'],
  [/verification passed|up again|complete|agree on/, '#9ece6a'],
  [/^\s+(year|dataset)\s/, '#8b93a0'],
]

// A password of whoever drew it.
const withoutPassword = (line: string): string => line.replace(/(:\/\/\w+:)[^@]+@/, '$1…@')
const shortened = (line: string): string =>
  line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS - 1)}…`
const escaped = (line: string): string =>
  line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const colorOf = (line: string): string => COLORS.find(([pattern]) => pattern.test(line))?.[1] ?? PLAIN

const output = await text(process.stdin)
// npm names the script and its command first.
const said = output.split('\n').filter((line) => !line.startsWith('> '))
const lines = said.join('\n').trim().split('\n')
const all = [['$ npm ci && npm run demo', COMMAND], ...lines.map((line) => [line, colorOf(line)])]
const texts = all.map(
  ([line = '', color = PLAIN], i) =>
    `<text x="${LEFT}" y="${TOP + i * LINE}" fill="${color}">${escaped(shortened(withoutPassword(line.trimEnd())))}</text>`,
)
const height = TOP + all.length * LINE
writeFileSync(
  FILE,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Terminal output of npm run demo">
<rect width="${WIDTH}" height="${height}" rx="8" fill="#14181f"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">
${texts.join('\n')}
</g>
</svg>
`,
)
