import { setTimeout as sleep } from 'node:timers/promises'
import { findSessions, type SessionRow } from '../../db/queries/sessions.ts'
import type { Sql } from '../../db/client.ts'

// Between the answer to one question and the next question. Nobody notices, and strangers with cookies that they made up
// cost the database no more than 50 questions a second.
const PAUSE_MS = 20

interface Question {
  hashes: Set<string>
  answer: Promise<Map<string, SessionRow>>
}

/** Finds the sessions of cookies: one question at a time, for all that were asked for meanwhile. */
export class SessionBook {
  readonly #sql: Sql
  #next: Question | null = null
  #free: Promise<unknown> = Promise.resolve()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** The session of a cookie with that hash; null when it is over or never was. */
  async find(hash: string): Promise<SessionRow | null> {
    const question = (this.#next ??= this.#begin())
    question.hashes.add(hash)
    return (await question.answer).get(hash) ?? null
  }

  #begin(): Question {
    const hashes = new Set<string>()
    const answer = this.#free.then(() => {
      this.#next = null
      return findSessions(this.#sql, [...hashes])
    })
    const pause = () => sleep(PAUSE_MS, undefined, { ref: false })
    this.#free = answer.then(pause, pause)
    return { hashes, answer }
  }
}
