import type { Sql } from '../../db/client.ts'
import { type Scales, tryUnits, tryWorth, type UnitTrial } from '../../db/import/check.ts'
import {
  AMOUNT_UNITS,
  type AmountUnit,
  type ImportDataset,
  type Units,
  VOLUME_UNITS,
  type VolumeUnit,
  WORTH_UNITS,
} from '../../sources/import/forms.ts'
import { ImportRefused } from '../../sources/import/refused.ts'

/*
 * What the numbers of a file count. The mean price paid, amount / volume, lies inside the range of prices of its day: of all
 * pairs of units at most one fits, so a file proves its units, and what somebody says of them is checked.
 */

export interface FoundUnits {
  scales: Scales
  /** In words, with how they are known. */
  words: string
}

// Some rows are wrong in any file; with a wrong unit nearly all are.
const FITTING_SHARE = 0.95
const NO_SCALE: Scales = { volume: 1, amount: 1, worth: 1 }
// Shares of a company in the middle of a market: some ten million to some hundred billion.
const FEWEST_SHARES = 1e6
const MOST_SHARES = 1e12

interface Pair {
  volumeUnit: VolumeUnit
  amountUnit: AmountUnit
}

const PAIRS: readonly Pair[] = (Object.keys(VOLUME_UNITS) as VolumeUnit[]).flatMap((volumeUnit) =>
  (Object.keys(AMOUNT_UNITS) as AmountUnit[]).map((amountUnit) => ({ volumeUnit, amountUnit })),
)

/**
 * The units of what was loaded.
 *
 * @param known what the user says, or what the form of the file means
 * @throws ImportRefused where the rows say something else, or say nothing and nobody else does
 */
export async function findUnits(sql: Sql, dataset: ImportDataset, known: Units): Promise<FoundUnits> {
  switch (dataset) {
    case 'adj_factor':
      return { scales: NO_SCALE, words: 'factors have no unit' }
    case 'daily_basic':
      return await worthUnits(sql, known)
    case 'bars':
      return await barUnits(sql, known)
  }
}

async function barUnits(sql: Sql, { volume, amount }: Units): Promise<FoundUnits> {
  const pairs = PAIRS.map((pair) => ({ ...pair, ...scaleOf(pair) }))
  const { traded, trials } = await tryUnits(sql, pairs)
  const fits = (pair: Pair) => shareOf(pair, trials, traded)
  const candidates = PAIRS.filter(
    (pair) =>
      (volume === null || pair.volumeUnit === volume) && (amount === null || pair.amountUnit === amount),
  )
  const [best] = candidates.toSorted((a, b) => fits(b) - fits(a))
  const [anyBest] = PAIRS.toSorted((a, b) => fits(b) - fits(a))
  if (!best || !anyBest) throw new RangeError('no pair of units')
  const isKnown = candidates.length === 1
  if (traded === 0 && !isKnown)
    throw new ImportRefused(
      'no row of the file was traded, so it does not show its units: state --volume-unit and --amount-unit',
    )
  if (traded === 0 || fits(best) >= FITTING_SHARE) {
    const proof = traded === 0 ? 'as stated' : `fits the prices of ${percent(fits(best))} of the traded rows`
    return { scales: { ...NO_SCALE, ...scaleOf(best) }, words: `${inWords(best)}, ${proof}` }
  }
  const said = isKnown ? `${inWords(best)} fits the prices of only ${percent(fits(best))} of the rows` : null
  if (fits(anyBest) >= FITTING_SHARE) {
    throw new ImportRefused(
      `${said ?? 'the units that are stated do not fit'}, but ${inWords(anyBest)} fits ${percent(fits(anyBest))}: ` +
        `import it with --volume-unit ${anyBest.volumeUnit} --amount-unit ${anyBest.amountUnit}`,
    )
  }
  throw new ImportRefused(
    `amount / volume fits the prices with no units (${inWords(anyBest)}: ${percent(fits(anyBest))} of the rows). ` +
      'Either the prices are adjusted (raw ones are needed, since adjusted prices are made on reading), ' +
      'or volume and amount are other columns: name them with --map',
  )
}

const scaleOf = ({ volumeUnit, amountUnit }: Pair) => ({
  volume: VOLUME_UNITS[volumeUnit],
  amount: AMOUNT_UNITS[amountUnit],
})

function shareOf(pair: Pair, trials: readonly UnitTrial[], traded: number): number {
  const { volume, amount } = scaleOf(pair)
  const trial = trials.find((each) => each.volume === volume && each.amount === amount)
  return traded === 0 ? 0 : (trial?.fitting ?? 0) / traded
}

const inWords = ({ volumeUnit, amountUnit }: Pair) => `volume in ${volumeUnit} and amount in ${amountUnit}`
// Rounded down: 100 % is all of them.
const percent = (share: number): string => `${Math.floor(share * 1_000) / 10} %`

async function worthUnits(sql: Sql, { worth }: Units): Promise<FoundUnits> {
  const trial = await tryWorth(sql)
  if (!trial.hasWorth) return { scales: NO_SCALE, words: 'no market values or numbers of shares' }
  if (worth === null)
    throw new ImportRefused(
      'nothing says whether shares and market values count ones or ten thousands: state --worth-unit one or --worth-unit ten-thousand',
    )
  if (trial.compared > 0 && trial.fitting / trial.compared < FITTING_SHARE)
    throw new ImportRefused(
      `total_mv is close x total_share in only ${percent(trial.fitting / trial.compared)} of the rows: they are of different units, or other columns`,
    )
  const shares = (trial.shares ?? FEWEST_SHARES) * WORTH_UNITS[worth]
  if (shares < FEWEST_SHARES || shares > MOST_SHARES)
    throw new ImportRefused(
      `with --worth-unit ${worth} a company of the file would have ${shares.toExponential(1)} shares: state the other unit`,
    )
  return {
    scales: { ...NO_SCALE, worth: WORTH_UNITS[worth] },
    words: `shares and market values in ${worth === 'one' ? 'ones' : 'ten thousands'}`,
  }
}
