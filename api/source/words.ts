import type { Secret } from '../../market/secret.ts'
import { SOURCES, type SourceName } from '../../market/sources.ts'
import type { SourceOverview } from './overview.ts'

/** Where the token of a source comes from; never the token. */
export interface TokenState {
  /** One is in the database, whether it can be used or not. */
  stored: boolean
  /** The one that is in use. */
  source: 'database' | 'environment' | null
  /** Why the stored one cannot be used and what to do. */
  problem: string | null
}

export function tokenOf(name: SourceName, { settings, stored }: SourceOverview): TokenState {
  const inUse: Readonly<Record<SourceName, Secret | undefined>> = {
    tushare: settings.tushare.token,
    akshare: undefined,
    baostock: settings.baostock.apiKey,
  }
  const { token = null, tokenProblem: problem = null } = stored[name] ?? {}
  return {
    stored: token !== null || problem !== null,
    source: token !== null ? 'database' : inUse[name] === undefined ? null : 'environment',
    problem,
  }
}

/** What a source is and where its account comes from, e.g. `… needs a token (token from the database)`. */
export const describeSource = (name: SourceName, overview: SourceOverview): string =>
  `${SOURCES[name].description} (${accountWords(name, overview)})`

function accountWords(name: SourceName, overview: SourceOverview): string {
  if (name === 'akshare') {
    const { url } = overview.settings.akshare
    return url === undefined ? NO_ADDRESS : `AKTools at ${new URL(url).host}`
  }
  const { source, problem } = tokenOf(name, overview)
  if (source !== null) {
    const unused = problem === null ? '' : `; the stored one is not used: ${problem}`
    return `token from the ${source}${unused}`
  }
  if (name === 'baostock') return problem === null ? 'no account needed' : `without an account: ${problem}`
  return problem === null ? NO_TOKEN : `no token: ${problem}`
}

const NO_ADDRESS = 'no address: set AKTOOLS_URL'
const NO_TOKEN = 'no token: set TUSHARE_TOKEN or store one'

/** Why a source is not asked at all and what to do; null while it may be. */
export function lackOf(name: SourceName, overview: SourceOverview): string | null {
  if (overview.on.has(name)) return null
  if (overview.settings[name].priority !== null) return accountWords(name, overview)
  return overview.stored[name]?.enabled === false
    ? `switched off: PUT /api/sources/${name} {"enabled": true} switches it on`
    : `switched off: ${name.toUpperCase()}_PRIORITY is empty`
}
