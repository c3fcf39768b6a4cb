import type { NotificationFormat } from '../../market/notifications.ts'
import type { Secret } from '../../market/secret.ts'
import { FORMATS, type Telling } from './formats.ts'

/** Where notices go. The address is a secret as well: whoever has it can write there. */
export interface Receiver {
  url: Secret
  format: NotificationFormat
  secret: Secret | null
}

const LIMIT_MS = 10_000
const ANSWER_READ = 2_000

/** Why a notice did not arrive; `again` is false where another try would end the same. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
  readonly afterMs: number | null

  /** @param afterMs what the receiver itself asked for */
  constructor(message: string, afterMs: number | null = null) {
    super(message)
    this.afterMs = afterMs
  }
}

/**
 * Posts a notice.
 *
 * @throws NotTaken when the receiver does not answer within 10 s, refuses, or is not there
 */
export async function sendNotice(receiver: Receiver, telling: Telling, signal: AbortSignal): Promise<void> {
  const format = FORMATS[receiver.format]
  const { url, headers, body } = format.post(
    telling,
    receiver.url.reveal(),
    receiver.secret?.reveal() ?? null,
    Date.now(),
  )
  const response = await fetch(url, {
    method: 'POST',
    headers,
    body,
    // A redirect would carry the notice, and the secret in the address, to somebody else.
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
  }).catch((error: unknown) => {
    throw new NotTaken(`the receiver does not answer: ${reasonOf(error)}`)
  })
  const text = await beginningOf(response).catch(() => '')
  if (!response.ok) throw new NotTaken(`HTTP ${response.status}: ${text.slice(0, 200)}`, retryAfter(response))
  const refusal = format.refusal(text)
  if (refusal !== null) throw new NotTaken(`refused: ${refusal}`)
}

/** What an answer begins with; the rest, which may have no end, is not read. */
async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return ''
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body as AsyncIterable<Uint8Array>) {
    parts.push(part)
    length += part.length
    if (length >= ANSWER_READ) break
  }
  return Buffer.concat(parts).toString('utf8').slice(0, ANSWER_READ)
}

/** The message of fetch alone says "fetch failed"; its cause holds no address of ours but host and port. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3_600) * 1000 : null
}
