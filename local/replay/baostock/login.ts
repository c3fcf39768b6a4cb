import { BAD_API_KEY, BAD_PASSWORD, EMPTY_PASSWORD, EMPTY_USER, WRONG_PARAMETER_COUNT } from './refusals.ts'
import type { Refusal } from './refusals.ts'

/** Types of the two messages that are no queries. */
export const LOGIN = '00'
export const LOGOUT = '02'

const ANONYMOUS = 'anonymous'
const PASSWORD = '123456'
/** In place of an API key. */
const NO_KEY = '0'

/** Reads the fields of a login: the anonymous account, with one of the keys or without any. */
export const readLogin = (
  fields: readonly string[],
  apiKeys: readonly string[],
): { readonly user: string } | Refusal => {
  const [method, user = '', password = '', key = ''] = fields
  if (method !== 'login' || fields.length !== 4) return WRONG_PARAMETER_COUNT
  if (user === '') return EMPTY_USER
  if (password === '') return EMPTY_PASSWORD
  if (user !== ANONYMOUS || password !== PASSWORD) return BAD_PASSWORD
  return key === NO_KEY || apiKeys.includes(key) ? { user } : BAD_API_KEY
}
