/** What an upstream saw of its connections. */
export interface ConnectionStats {
  readonly open: number
  /** Since the start. */
  readonly total: number
  readonly logins: number
  /** The most that one address had open at a time: a well-behaved system has 1. */
  readonly maxParallel: number
  /** Connections that were one too many. */
  readonly offences: number
  /** Addresses that are refused at the moment. */
  readonly blackListed: readonly string[]
}

/** Rules about connections; see `BaostockReplayOptions`. */
export interface ConnectionRules {
  readonly maxConnections: number
  readonly blackListAfter: number
  readonly blackListMs: number
  readonly dailyQuota: number
  readonly now: () => number
}

/** Who is connected, and what each address has done. */
export interface Connections {
  /** `isOpen` is asked whenever connections are counted: a client that has hung up does not count any more. */
  readonly opened: (address: string, isOpen: () => boolean) => void
  readonly loggedIn: () => void
  readonly isBlackListed: (address: string) => boolean
  /** Counts a query; false: the day's quota is used up. */
  readonly takeQuota: (address: string) => boolean
  /** Takes everybody off the black list and forgets offences and quotas. */
  readonly forgive: () => void
  readonly stats: () => ConnectionStats
}

interface Address {
  open: (() => boolean)[]
  offences: number
  blackListedUntil: number
  day: number
  queries: number
}

const SHANGHAI_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

const noteOffence = (known: Address, rules: ConnectionRules): void => {
  known.offences += 1
  if (known.offences >= rules.blackListAfter) known.blackListedUntil = rules.now() + rules.blackListMs
}

/** Counts connections by address. */
export const createConnections = (rules: ConnectionRules): Connections => {
  const addresses = new Map<string, Address>()
  const totals = { total: 0, logins: 0, maxParallel: 0, offences: 0 }
  const of = (address: string): Address => {
    const known = addresses.get(address) ?? {
      open: [],
      offences: 0,
      blackListedUntil: 0,
      day: 0,
      queries: 0,
    }
    addresses.set(address, known)
    known.open = known.open.filter((isOpen) => isOpen())
    return known
  }
  const isBlackListed = (address: string): boolean => of(address).blackListedUntil > rules.now()
  return {
    opened: (address, isOpen) => {
      const known = of(address)
      known.open.push(isOpen)
      totals.total += 1
      totals.maxParallel = Math.max(totals.maxParallel, known.open.length)
      if (known.open.length <= rules.maxConnections) return
      totals.offences += 1
      noteOffence(known, rules)
    },
    loggedIn: () => void (totals.logins += 1),
    isBlackListed,
    takeQuota: (address) => {
      const known = of(address)
      const day = Math.floor((rules.now() + SHANGHAI_MS) / DAY_MS)
      if (day !== known.day) Object.assign(known, { day, queries: 0 })
      if (known.queries >= rules.dailyQuota) return false
      known.queries += 1
      return true
    },
    forgive: () => {
      for (const known of addresses.values())
        Object.assign(known, { offences: 0, blackListedUntil: 0, queries: 0 })
    },
    stats: () => ({
      ...totals,
      open: [...addresses.keys()].reduce((sum, address) => sum + of(address).open.length, 0),
      blackListed: [...addresses.keys()].filter(isBlackListed),
    }),
  }
}
