import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { LimitWindow } from '../errors.ts'

export interface Classified {
  errorClass: SourceErrorClass
  limit?: { window: LimitWindow; calls: number | null }
}

// 40203 says both "slow down" and "never allowed", and every classic rate text also holds the word for permission:
// frequency is looked for first, permission after it.
const RATE_TEXTS: readonly [RegExp, LimitWindow][] = [
  [/每分钟最多访问(?:该接口)?\s*(\d+)?\s*次?/, 'minute'],
  [/每小时最多访问(?:该接口)?\s*(\d+)?\s*次?/, 'hour'],
  [/每天最多访问(?:该接口)?\s*(\d+)?\s*次?/, 'day'],
  [/频率超限[^\d]*(\d+)?\s*次?\s*\/?\s*分钟/, 'minute'],
  [/频率超限[^\d]*(\d+)?\s*次?\s*\/?\s*小时/, 'hour'],
  [/频率超限[^\d]*(\d+)?\s*次?\s*\/?\s*天/, 'day'],
  [/频率超限/, 'minute'],
]

const RULES: readonly { test: (code: number, text: string) => boolean; errorClass: SourceErrorClass }[] = [
  { test: (code, text) => code === 40204 || text.includes('IP数量超限'), errorClass: 'Banned' },
  // 40101 is more than a bad token: these come with it as well and no other token would mend them.
  {
    test: (_, text) => /必填参数|请指定正确的接口名|不是合格的json|列表类型/.test(text),
    errorClass: 'BadRequest',
  },
  {
    test: (code, text) => code === 40101 || /token不对|TOKEN无效|token无效/i.test(text),
    errorClass: 'AuthFailed',
  },
  {
    test: (code, text) => code === 2002 || code === -2002 || /权限|积分/.test(text),
    errorClass: 'PermissionDenied',
  },
  { test: (code, text) => code === -2001 || /没有.*接口/.test(text), errorClass: 'BadRequest' },
  // "查询数据失败" is also what a broken interface says on the server's side: worth a few tries.
  { test: (code, text) => code === 50101 && text.includes('查询数据失败'), errorClass: 'Transient' },
]

// Refusals are a line long. The patterns go back and forth in a text, and a long one would hold up everybody.
const MOST_CHARACTERS = 500
// More calls than that a day are none that anybody counts.
const MOST_CALLS = 10_000_000

/** The class of a business error, which comes with HTTP 200 and a code other than 0. */
export function classifyAnswer(code: number, message: string): Classified {
  const text = message.slice(0, MOST_CHARACTERS).replaceAll(/\s+/g, ' ')
  for (const [pattern, window] of RATE_TEXTS) {
    const match = pattern.exec(text)
    if (match) return { errorClass: 'RateLimited', limit: { window, calls: callsIn(match[1]) } }
  }
  const rule = RULES.find((r) => r.test(code, text))
  return { errorClass: rule?.errorClass ?? 'BadRequest' }
}

/** The number that a refusal names; null for one that is no limit, by which nobody can keep a pace. */
const callsIn = (digits: string | undefined): number | null => {
  const calls = Number(digits ?? 0)
  return calls > 0 && calls <= MOST_CALLS ? calls : null
}

/** The class of an HTTP status other than 200. */
export function classifyStatus(status: number): SourceErrorClass {
  if (status === 401) return 'AuthFailed'
  // Business errors come with 200: any other status is a gateway's, and a gateway mends itself.
  return status === 403 ? 'Banned' : 'Transient'
}
