import { expectTypeOf, test } from 'vitest'
import type { Run } from '../../api/schemas/run.ts'
import type { BodyOf, Client } from '../../client/index.ts'

/* What does not compile cannot be seen at run time: these claims are checked by `npm run typecheck`. */

type Call = (...given: never[]) => Promise<unknown>
type Given<C extends Call> = NonNullable<Parameters<C>[0]>
type Told<C extends Call> = BodyOf<Awaited<ReturnType<C>>>

type Api = Client['api']
type RunById = Api['runs'][':id']

test('answers have the types of their schemas', () => {
  expectTypeOf<Told<RunById['$get']>>().toEqualTypeOf<Run>()
  expectTypeOf<Told<Api['runs']['$post']>>().toEqualTypeOf<Run>()
  expectTypeOf<Told<Api['bars']['$get']>['data'][number]['volume']>().toEqualTypeOf<number>()
  expectTypeOf<Told<Api['keys'][':name']['$delete']>>().toEqualTypeOf<undefined>()
  expectTypeOf<Told<Api['sync']['status']['$get']>['data']['paused']>().toEqualTypeOf<boolean>()
})

test('one of two successful answers is both until it is looked at', () => {
  type Done = Told<Client['sync']['$post']>
  expectTypeOf<Extract<Done, { synced_count: number }>>().not.toBeNever()
  expectTypeOf<Extract<Done, { run_id: string }>>().not.toBeNever()
})

test('what every request needs is asked for, and nothing else is taken', () => {
  // Not called: there is nobody to ask.
  const ask = (client: Client): void => {
    void client.api.runs.$get()
    void client.api.runs.$get({ query: { status: 'running', limit: '10' } })
    // @ts-expect-error there is no such field
    void client.api.runs.$get({ query: { stat: 'running' } })
    // @ts-expect-error there is no such state
    void client.api.runs.$get({ query: { status: 'walking' } })
    // @ts-expect-error which run?
    void client.api.runs[':id'].$get()
    void client.api.sync.trigger.$post()
    void client.api.sync.trigger.$post({ json: { symbols: ['600000'] } })
    // @ts-expect-error there is no such job
    void client.api.runs.$post({ json: { job: 'everything' } })
    // @ts-expect-error a run has to be of a job
    void client.api.runs.$post()
  }
  expectTypeOf(ask).toBeFunction()
  expectTypeOf<Api['runs']>().not.toHaveProperty('$delete')
  expectTypeOf<Client>().not.toHaveProperty('docs')
})

test('what is no JSON is not taken for some', () => {
  expectTypeOf<Told<Client['metrics']['$get']>>().toBeNever()
  expectTypeOf<Told<RunById['events']['$get']>>().toEqualTypeOf<undefined>()
})

test('a list that nobody may change can be handed over', () => {
  expectTypeOf<readonly string[]>().toExtend<
    NonNullable<NonNullable<Given<Api['runs']['$post']>['json']['params']>['symbols']>
  >()
})
