import { ApiError, type BodyOf, type Client, createClient } from '../../../client/index.ts'

/** The JSON that a request of the client brings. */
export type Body<F extends (...args: never[]) => Promise<unknown>> = BodyOf<Awaited<ReturnType<F>>>
/** An item of the list that a request brings. */
export type ItemOf<F extends (...args: never[]) => Promise<unknown>> =
  Body<F> extends { items: readonly (infer Item)[] } ? Item : never

interface Heard {
  /** The service answered, or did not. */
  reachable: (is: boolean) => void
  /** It wants to know who asks. */
  refused: () => void
}

const UNAUTHORIZED = 401
// What a proxy says for a service that is away.
const AWAY: readonly number[] = [502, 504]

/** A client of the service that this page came from. */
export function openClient(heard: Heard): Client {
  return createClient({
    url: location.origin,
    fetch: async (url, init) => {
      let response: Response
      try {
        response = await fetch(url, init)
      } catch (error) {
        if (init?.signal?.aborted !== true) heard.reachable(false)
        throw error
      }
      heard.reachable(!AWAY.includes(response.status))
      if (response.status === UNAUTHORIZED && !url.endsWith('/api/session')) heard.refused()
      return response
    },
  })
}

/** What went wrong, as the API says it. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) {
    const id = error.status >= 500 && error.requestId !== null ? ` (${error.requestId})` : ''
    return `${error.detail}${id}`
  }
  return error instanceof Error ? error.message : String(error)
}

/** Nobody answered: no answer of the API, and no mistake of a request. */
export const isAway = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof ApiError && AWAY.includes(error.status))
