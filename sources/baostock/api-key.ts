/*
 * An API key is `bs-`, 29 characters of Base62 (two of them the role) and one more that checks them. A key that cannot
 * be one is told apart here: a login with it would be counted by the server and refused.
 */

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const API_KEY = /^bs-([0-9A-Za-z]{29})([0-9A-Za-z])$/

/** True when the check character is that of the 29 before it: their places in the alphabet, added up, modulo 62. */
export function isApiKey(text: string): boolean {
  const [, payload, check] = API_KEY.exec(text) ?? []
  if (payload === undefined) return false
  const sum = Array.from(payload, (char) => ALPHABET.indexOf(char)).reduce((a, b) => a + b, 0)
  return ALPHABET[sum % ALPHABET.length] === check
}
