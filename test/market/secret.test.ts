import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { Secret } from '../../market/secret.ts'

const VALUE = 'c0ffee-a-token-that-must-not-be-seen'
const secret = new Secret(VALUE)

/** What a logger writes about some fields. */
function logged(write: (log: pino.Logger) => void): string {
  const out = new PassThrough()
  write(pino({}, out))
  return String(out.read())
}

test.each([
  ['String()', () => String(secret)],
  ['a template', () => `${String(secret)} ${[secret].join()}`],
  ['concatenation', () => 'token: ' + (secret as unknown as string)],
  ['JSON', () => JSON.stringify({ nested: [{ secret }] })],
  ['inspect', () => inspect({ nested: [{ secret }] }, { depth: 9 })],
  ['inspect of hidden properties', () => inspect(secret, { showHidden: true, depth: 9 })],
  ['inspect without custom forms', () => inspect(secret, { customInspect: false, showHidden: true })],
  ['an error message', () => new Error(`refused: ${String(secret)}`, { cause: secret }).stack ?? ''],
  ['an inspected error', () => inspect(Object.assign(new Error('refused', { cause: secret }), { secret }))],
  [
    'a log line',
    () => logged((log) => log.info({ secret, config: { token: secret } }, 'with %s and %j', secret, secret)),
  ],
  ['a logged error', () => logged((log) => log.error(Object.assign(new Error('refused'), { secret })))],
  ['its own keys', () => Object.entries(secret).join() + Object.getOwnPropertyNames(secret).join()],
  ['a copy', () => JSON.stringify(structuredClone(secret)) + inspect(Object.assign({}, secret))],
])('%s never shows it', (_, show) => {
  expect(show()).not.toContain(VALUE)
})

test('the one place that sends it gets it', () => {
  expect(secret.reveal()).toBe(VALUE)
})
