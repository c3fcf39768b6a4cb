import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seal, sealKey, unseal, UnsealError } from '../../db/sealed.ts'
import { Secret } from '../../market/secret.ts'

const APP_SECRET = 'correct horse battery staple'
const TOKEN = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4'
const key = sealKey(new Secret(APP_SECRET))

const refusal = (run: () => unknown): Error => {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was refused')
}

test('what was sealed opens under the same secret, after a restart as well', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, context) => {
      const again = sealKey(new Secret(APP_SECRET))
      expect(unseal(again, seal(key, text, context), context)).toBe(text)
    }),
  )
})

test('the same token never looks the same twice, and shows nothing of itself', () => {
  const sealed = Array.from({ length: 50 }, () => seal(key, TOKEN, 'tushare'))
  expect(new Set(sealed).size).toBe(50)
  expect(new Set(sealed.map((text) => text.split('.')[1])).size).toBe(50)
  for (const text of sealed) {
    expect(text).toMatch(/^v1\.[\w-]{16}\.[\w-]+$/)
    expect(text).not.toContain(TOKEN)
    expect(Buffer.from(text.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain(TOKEN)
  }
})

test('another secret opens nothing, and the message says what is wrong', () => {
  const error = refusal(() =>
    unseal(sealKey(new Secret(`${APP_SECRET}.`)), seal(key, TOKEN, 'tushare'), 'tushare'),
  )
  expect(error).toBeInstanceOf(UnsealError)
  expect(error.message).toContain('APP_SECRET is not the one that this token was stored with')
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(TOKEN)
})

test('a token that was moved to another source does not open', () => {
  expect(() => unseal(key, seal(key, TOKEN, 'tushare'), 'baostock')).toThrow(UnsealError)
})

test('one changed byte anywhere, or a missing one, is noticed', () => {
  const [version = '', nonce = '', body = ''] = seal(key, TOKEN, 'tushare').split('.')
  const parts = [Buffer.from(nonce, 'base64url'), Buffer.from(body, 'base64url')]
  const join = (bytes: readonly Buffer[]) => [version, ...bytes.map((b) => b.toString('base64url'))].join('.')
  expect(unseal(key, join(parts), 'tushare')).toBe(TOKEN)
  for (const [which, part] of parts.entries()) {
    for (let at = 0; at < part.length; at++) {
      const changed = Buffer.from(part)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => unseal(key, join(parts.with(which, changed)), 'tushare')).toThrow(UnsealError)
      const cut = join(parts.with(which, part.subarray(0, at)))
      expect(() => unseal(key, cut, 'tushare')).toThrow(UnsealError)
    }
  }
})

test.each(['', 'v1', 'v1..', 'v1.AAAA', 'v1.AAAAAAAAAAAAAAAA.AAAA', 'clear text'])(
  '%j is not a sealed text',
  (text) => {
    expect(() => unseal(key, text, 'tushare')).toThrow(UnsealError)
  },
)

test('a form of a later version is told from a wrong secret', () => {
  const later = seal(key, TOKEN, 'tushare').replace('v1', 'v2')
  expect(refusal(() => unseal(key, later, 'tushare')).message).toContain('store it again')
})

test('the key shows nothing of itself in a log', () => {
  const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key)
  const bytes = key.export()
  for (const text of [APP_SECRET, bytes.toString('hex'), bytes.toString('base64')])
    expect(shown).not.toContain(text)
})
