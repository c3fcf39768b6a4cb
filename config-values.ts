import { z } from 'zod'
import { readText } from './config-files.ts'
import { isRole, type Role } from './market/roles.ts'
import { Secret } from './market/secret.ts'

/*
 * How values of the environment are read: always from text, and an empty one is none.
 */

export const text = z.string().trim().min(1)
export const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((v) => (v === '' ? undefined : v), schema.optional())
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `a whole number from ${min} to ${max}`)
export const number = (min: number, max: number, fallback: number) =>
  z.preprocess((v) => (v === '' || v === undefined ? String(fallback) : v), integer(min, max))
export const choice = <const T extends readonly [string, ...string[]]>(values: T, fallback: T[number]) =>
  z.preprocess(
    (v) => (v === '' || v === undefined ? fallback : v),
    z.enum(values, `one of ${values.join(', ')}`),
  )
export const urlOf = (protocols: string[], example: string) =>
  text.refine(
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
    `an address like ${example}`,
  )
export const secretOf = (schema: z.ZodType<string>) => schema.transform((value) => new Secret(value))
export const secret = secretOf(text)
/** The path of a text file → what it holds. */
export const fileOf = text.transform((path, context) => {
  const read = readText(path)
  if ('text' in read) return new Secret(read.text)
  context.addIssue({ code: 'custom', message: `the path of a file: ${read.problem}` })
  return z.NEVER
})
/** What commas separate; empty when unset. */
export const listOf = <T>(read: (part: string) => T | null, example: string) =>
  z
    .string()
    .default('')
    .transform((value, context) => {
      const parts = value.split(',').map((part) => part.trim())
      const items = parts.filter((part) => part !== '').map(read)
      if (!items.includes(null)) return items as T[]
      context.addIssue({ code: 'custom', message: example })
      return z.NEVER
    })
/** Headers as `name=value,name=value`, percent-encoded, the way OpenTelemetry writes them. */
export const readHeader = (part: string): readonly [string, string] | null => {
  const [, name, value] = /^([\w-]+)\s*=\s*([\x21-\x7e ]+)$/.exec(part) ?? []
  if (name === undefined || value === undefined) return null
  try {
    return [name, decodeURIComponent(value)]
  } catch {
    return null
  }
}
export const readHost = (part: string): string | null =>
  /^[\w.-]+$|^[\da-f:]+$/i.test(part) ? part.toLowerCase() : null
export const readOrigin = (part: string): string | null =>
  /^https?:/.test(part) && URL.canParse(part) && new URL(part).origin === part ? part : null

// A key of your own choice has to be random as well: shorter ones can be guessed.
export const readKey = (part: string): { name: string; role: Role; key: Secret } | null => {
  const [, name, role, key] = /^([\w.-]{1,60}):([a-z]+):([\x21-\x7e]{24,200})$/.exec(part) ?? []
  return name && role && key && isRole(role) ? { name, role, key: new Secret(key) } : null
}

export const share = z.preprocess(
  (v) => (v === '' || v === undefined ? '1' : v),
  z
    .string()
    .regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'a number from 0 to 1')
    .transform(Number),
)

/** Unset or empty: the default. */
export const withDefault = (schema: z.ZodType<string>, fallback: string) =>
  z.preprocess((v) => (v === '' || v === undefined ? fallback : v), schema)
/** Unset: the default place in the order. Empty: the source is switched off. */
export const priority = (fallback: number) =>
  z.preprocess(
    (v) => (v === undefined ? String(fallback) : v),
    z.union(
      [z.literal('').transform(() => null), integer(1, 99)],
      'a whole number from 1 to 99, or empty to switch the source off',
    ),
  )
