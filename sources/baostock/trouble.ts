import { redact, SourceError, type SourceErrorDetails } from '../errors.ts'
import { classifyCode, endsConnection } from './classify.ts'
import { ConnectionError } from './connection.ts'
import { FramingError, PROTOCOL_VERSION } from './frame.ts'
import { EchoError, FormError } from './records.ts'

/** The server's answer was a code other than 0, or what this client says in its place. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** Whether a connection is of no more use after an error. */
export function endsLine(error: unknown): boolean {
  if (error instanceof Refusal) return endsConnection(classifyCode(error.code, error.message))
  return error instanceof ConnectionError || error instanceof FramingError || error instanceof EchoError
}

/** What went wrong as an error of this source; anything that is none of its own comes back as it is. */
export function translated(api: string, error: unknown, secrets: readonly string[]): unknown {
  const of = (details: Omit<SourceErrorDetails, 'source' | 'api'>) =>
    new SourceError({
      ...details,
      source: 'baostock',
      api,
      upstreamMessage: redact(details.upstreamMessage, secrets),
    })
  if (error instanceof Refusal) {
    const words = `${error.code} ${error.message}`
    const upstreamMessage =
      error.code === CLIENT_EXPIRED ? `${words} (this client speaks ${PROTOCOL_VERSION})` : words
    return of({ ...classifyCode(error.code, error.message), upstreamMessage })
  }
  if (error instanceof ConnectionError) {
    return of({
      errorClass: error.nobodyThere ? 'SourceDown' : 'Transient',
      upstreamMessage: error.message,
      ...(error.timedOut ? { timedOut: true } : {}),
    })
  }
  if (error instanceof FramingError || error instanceof EchoError)
    return of({ errorClass: 'Transient', upstreamMessage: error.message })
  if (error instanceof FormError) {
    return of({
      errorClass: 'SchemaDrift',
      upstreamMessage: error.message,
      sample: redact(error.sample, secrets),
    })
  }
  return error
}

const CLIENT_EXPIRED = '10001004'
