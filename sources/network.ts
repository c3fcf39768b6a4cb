// Nobody is there, as against a connection that broke while it worked: a second later there is nobody either.
const NOBODY_THERE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

export const isNobodyThere = (code: string): boolean => NOBODY_THERE.has(code)

/** The system's own code of a failed request (`ECONNRESET`), never its message, which may repeat request and address. */
export function systemCode(error: unknown): string {
  const own = (error as { code?: unknown } | null)?.code
  const inner = (error as { cause?: { code?: unknown } } | null)?.cause?.code
  const code = own ?? inner
  return typeof code === 'string' ? code : 'unknown reason'
}
