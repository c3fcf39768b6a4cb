import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRedactor, redactValue } from '../../market/redact.ts'
import { Secret } from '../../market/secret.ts'

// As it stands in no JSON text: there its quote and its backslash are written with another backslash.
const TOKEN = 'a"token\\of mine'
const { redact } = createRedactor([new Secret(TOKEN), new Secret('":{"')])

/** Every text of a value, names of fields too. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, each]) => [name, ...textsOf(each)])
}

test('no text of a value keeps a secret, however JSON would write it', () => {
  const value = { reason: `refused: ${TOKEN}`, [TOKEN]: [{ at: 1, of: null }, TOKEN] }
  expect(redactValue(value, redact)).toEqual({
    reason: 'refused: [redacted]',
    '[redacted]': [{ at: 1, of: null }, '[redacted]'],
  })
})

test('what is no text of it stays, also where a secret is a part of how JSON is written', () => {
  const value = {
    from: 'postgres://',
    to: 'me@example.org',
    inner: { day: '2026-11-20', rows: 7, all: true },
  }
  expect(redactValue(value, redact)).toEqual(value)
})

test('whatever it is, the outcome goes through JSON unchanged and holds no secret', () => {
  const part = fc.oneof(fc.constantFrom(TOKEN, '":{"', 'https://user:word@host'), fc.string())
  const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.constantFrom(null, true, 7, -0.5),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(text, tie('tree'), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const clean = redactValue(value, redact)
      expect(JSON.parse(JSON.stringify(clean))).toEqual(clean)
      for (const each of textsOf(clean)) expect(each).toBe(redact(each))
      for (const each of textsOf(clean)) expect(each).not.toContain(TOKEN)
    }),
    { seed: 20_261_123 },
  )
})
