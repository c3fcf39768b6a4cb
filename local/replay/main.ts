import { fstatSync } from 'node:fs'
import { startAktoolsReplay } from './aktools-server.ts'
import { startBaostockReplay } from './baostock-server.ts'
import { followClock } from './follow-clock.ts'
import { parseOptions } from './options.ts'
import { openRecordedMarket } from './recorded.ts'
import { createSandboxMarket } from './sandbox/market.ts'
import { startTushareReplay } from './tushare-server.ts'

// A process of its own for demo and tests: prints one line `READY {json}` and lives until a pipe on its stdin ends or a signal comes.
const options = parseOptions(process.argv.slice(2))
const openMarket = () => {
  if (options.data !== undefined) return openRecordedMarket(options.data)
  const market = createSandboxMarket(options.sandbox)
  if (options.followClock) followClock(market)
  if (options.warm) market.warm()
  return market
}

const market = openMarket()
const tushare = await startTushareReplay({ market, ...options.server })
// One key opens the control endpoints of all three; each has faults and a journal of its own, the market is the same.
const { controlKey } = tushare
const [aktools, baostock] = await Promise.all([
  startAktoolsReplay({ market, controlKey, ...options.aktools }),
  startBaostockReplay({ market, controlKey, ...options.baostock }),
])
const { sessions } = market.calendar
const ready = {
  url: tushare.url,
  controlKey,
  aktools: { url: aktools.url },
  baostock: { host: baostock.host, port: baostock.port, controlUrl: baostock.controlUrl },
  label: market.label,
  instruments: market.instruments.length,
  first: sessions[market.firstSession],
  today: sessions[market.lastSession],
}
process.stdout.write(`READY ${JSON.stringify(ready)}\n`)

let closing = false
const stop = (): void => {
  // A second signal does not wait for a clean end.
  if (closing) process.exit(1)
  closing = true
  void Promise.all([tushare, aktools, baostock].map((replay) => replay.close())).then(() => process.exit(0))
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
// A parent's end closes its pipe, so the replay never outlives it; without a pipe (a supervisor) there is nothing to watch.
const stdin = fstatSync(0)
if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on('end', stop).on('error', stop).resume()
