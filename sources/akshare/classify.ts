import type { SourceError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { isNobodyThere, systemCode } from '../network.ts'
import { emptyAnswer, emptyTable, failure } from './failure.ts'
import type { AkshareFunction } from './functions.ts'

// AKTools says what went wrong in a line; patterns that look for two things in a long text take minutes.
const MOST_CHARACTERS = 2_000

const excerpt = (body: string): string => body.slice(0, 120).replaceAll(/\s+/g, ' ')

/** AKTools' own words in a 404. */
const NOT_FOUND_TEXTS: readonly [RegExp, (api: AkshareFunction, text: string) => SourceError][] = [
  [
    /未找到该接口/,
    (api) =>
      failure(api, 'BadRequest', 'AKShare is too old for this function: upgrade it (pip install -U akshare)'),
  ],
  [/返回数据为空/, emptyAnswer],
  // Pandas' words for a table that has none of the columns that are picked from it.
  [/请输入正确的参数错误.*None of \[Index\(/, emptyTable],
  // A KeyError inside. Our parameters are checked against the lists of allowed ones, so it is the site's answer.
  [
    /请输入正确的参数错误\s*([^，]*)/,
    (api, text) => {
      const key = /请输入正确的参数错误\s*([^，]*)/.exec(text)?.[1] ?? ''
      return failure(
        api,
        'SchemaDrift',
        `AKShare misses ${key || 'a field'} in what the site answers: the site changed; upgrade AKShare`,
        { sample: text },
      )
    },
  ],
]

/** What an answer with a status other than 200 means. */
export function classifyStatus(api: AkshareFunction, status: number, body: string): SourceError {
  if (status === 500) {
    return failure(
      api,
      'SourceDown',
      'HTTP 500: AKShare failed inside; the site may have blocked this address, changed or have nothing: these cannot be told apart',
    )
  }
  if (status === 401 || status === 403)
    return failure(api, 'AuthFailed', `HTTP ${status}: something in front of AKTools asks for a login`)
  if (status === 404) return classifyNotFound(api, body)
  if (status === 429)
    return failure(api, 'RateLimited', 'HTTP 429: too many requests', {
      limit: { window: 'minute', calls: null },
    })
  if (status > 500) return failure(api, 'Transient', `HTTP ${status}: ${excerpt(body)}`)
  return failure(
    api,
    'BadRequest',
    `HTTP ${status}: AKTOOLS_URL does not seem to be AKTools: ${excerpt(body)}`,
  )
}

function classifyNotFound(api: AkshareFunction, body: string): SourceError {
  const text = errorText(body)
  const known = text === null ? undefined : NOT_FOUND_TEXTS.find(([pattern]) => pattern.test(text))
  if (text !== null && known) return known[1](api, text)
  return failure(api, 'BadRequest', `HTTP 404: AKTOOLS_URL does not seem to be AKTools: ${excerpt(body)}`)
}

function errorText(body: string): string | null {
  const error = (parseJson(body) as { error?: unknown } | null | undefined)?.error
  return typeof error === 'string' ? error.slice(0, MOST_CHARACTERS) : null
}

/** A request that ended without an answer. `origin` is the bridge's address without path and login. */
export function classifyNetwork(api: string, error: unknown, origin: string): SourceError {
  const code = systemCode(error)
  if (isNobodyThere(code) || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return failure(
      api,
      'SourceDown',
      `nothing answers at ${origin} (AKTOOLS_URL; ${code}): start AKTools with: pip install aktools && python -m aktools`,
    )
  }
  return failure(api, 'Transient', `the connection to AKTools failed (${code})`)
}
