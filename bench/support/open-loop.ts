import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'undici'

/*
 * Clients that ask at fixed times, whether or not they have had their answers: how long somebody waits is counted from the
 * moment at which they wanted to ask, so that a service that is slow for a while is not asked less meanwhile.
 */

/** Something that is asked for; the more weight, the more often. */
export interface Question {
  name: string
  weight: number
  path: (turn: number) => string
}

/** What came of the questions of one name. */
export interface Answered {
  name: string
  count: number
  errors: string[]
  /** Milliseconds, ascending. */
  waits: number[]
}

export interface Crowd {
  /** Asks no more, waits for what is under way, and tells what came. */
  leave(): Promise<Answered[]>
}

const LIMIT_MS = 30_000

/** Each client has a connection of its own; together they ask so many times a second. */
export function startCrowd(
  url: string,
  { clients, perSecond, questions }: { clients: number; perSecond: number; questions: readonly Question[] },
): Crowd {
  const answered = new Map(
    questions.map(({ name }): [string, Answered] => [name, { name, count: 0, errors: [], waits: [] }]),
  )
  const turns = questions.flatMap((question) => Array<Question>(question.weight).fill(question))
  const everyMs = (clients / perSecond) * 1_000
  const began = performance.now()
  let isOver = false
  const ask = async (client: Client, question: Question, turn: number, due: number): Promise<void> => {
    const own = answered.get(question.name)
    if (!own) return
    own.count++
    try {
      const { statusCode, body } = await client.request({ method: 'GET', path: question.path(turn) })
      await body.dump({ limit: Infinity })
      if (statusCode !== 200) own.errors.push(String(statusCode))
      own.waits.push(performance.now() - due)
    } catch (error) {
      own.errors.push(String(error))
    }
  }
  const live = async (place: number): Promise<void> => {
    const client = new Client(url, { headersTimeout: LIMIT_MS, bodyTimeout: LIMIT_MS })
    for (let turn = 0, due = began + (place / clients) * everyMs; ; turn++, due += everyMs) {
      await sleep(Math.max(0, due - performance.now()))
      if (isOver) break
      const question = turns[(place + turn) % turns.length]
      if (question) await ask(client, question, place + turn * clients, due)
    }
    await client.close()
  }
  const all = Array.from({ length: clients }, (_, place) => live(place))
  return {
    leave: async () => {
      isOver = true
      await Promise.all(all)
      for (const { waits } of answered.values()) waits.sort((a, b) => a - b)
      return [...answered.values()]
    },
  }
}

/** Listeners to one event stream, which come back when it ends. Tells how many events came, and what went wrong. */
export function startListeners(
  url: string,
  path: string,
  count: number,
): { leave(): Promise<{ events: number; errors: string[] }> } {
  const over = new AbortController()
  const errors: string[] = []
  let events = 0
  const isOver = () => over.signal.aborted
  const listen = async (): Promise<void> => {
    while (!isOver()) {
      try {
        const answer = await fetch(url + path, { signal: over.signal })
        if (!answer.ok || !answer.body) throw new Error(`${answer.status} ${await answer.text()}`)
        for await (const chunk of answer.body)
          events +=
            Buffer.from(chunk as Uint8Array)
              .toString()
              .split('\nid: ').length - 1
      } catch (error) {
        if (!isOver()) errors.push(String(error))
      }
      await sleep(1_000, undefined, { signal: over.signal }).catch(() => undefined)
    }
  }
  const all = Array.from({ length: count }, listen)
  return {
    leave: async () => {
      over.abort()
      await Promise.all(all)
      return { events, errors }
    },
  }
}

/** The value that this share of ascending values does not exceed. */
export const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN
