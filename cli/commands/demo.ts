import { act, type CommandSpec, type CommonOptions, withJson, wholeNumber } from '../command.ts'
import { requireCheckout } from '../checkout.ts'
import { CliError, usageError } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'

interface DemoOptions extends CommonOptions {
  stocks: number
  years: number
  outage: boolean
  limit?: number
  data?: string
  exit?: boolean
}

export const demo: CommandSpec = {
  name: 'demo',
  group: 'Service',
  summary: 'the same with a market made of code in place of the real sources, and a first sync',
  build: (command, io) =>
    void withJson(command)
      .option('--stocks <n>', 'stocks of the sandbox market', wholeNumber(1, 100_000), 300)
      .option('--years <n>', 'years of the sandbox market', wholeNumber(1, 100), 3)
      .option(
        '--no-outage',
        'let Tushare live; without this it goes away in the middle of the run and comes back, where the market has 500 stock-years or more',
      )
      .option(
        '--limit <n>',
        'let Tushare grant so many calls a minute for each interface',
        wholeNumber(1, 1e6),
      )
      .option('--data <folder>', 'serve recorded real data: Tushare only, without an outage')
      .option('--exit', 'end after the tables; status 0 only when everything was verified')
      .action(
        act(io, async (context, { stocks, years, limit, outage, data, exit }: DemoOptions) => {
          requireCheckout('demo')
          const [{ DemoError, runDemo }, { isExpected }] = await Promise.all([
            import('../../local/demo.ts'),
            import('../../local/up.ts'),
          ])
          const options = {
            data,
            stocks: String(stocks),
            years: String(years),
            limit: limit === undefined ? undefined : String(limit),
            outage,
            exit: exit ?? false,
          }
          const audience = { out: context.out, jsonLine: context.json ? context.jsonLine : null }
          const verified = await runDemo(context.env, options, audience).catch((error: unknown) => {
            if (error instanceof DemoError) throw usageError(error.message)
            throw isExpected(error) ? new CliError(EXIT.failed, 'not_started', error.message) : error
          })
          return exit && !verified ? EXIT.failed : undefined
        }),
      ),
}
