import type { Client } from '../../../client/index.ts'
import { reaches, type Role } from '../../../market/roles.ts'
import type { Body } from './api.ts'
import type { Child } from './dom.ts'
import type { Format } from './format.ts'
import type { Language, Words } from './words/words.ts'

export type Session = Body<Client['api']['session']['$get']>

/** What every part of the page works with. */
export interface App {
  readonly client: Client
  /** The texts of the present language. */
  readonly t: Words
  readonly language: Language
  readonly format: Format
  readonly session: Session | null
  /** False while nobody answers. */
  readonly isReachable: boolean
  /** Where the Temporal Web UI shows workflows; null when that is not known. */
  readonly workflowsUrl: string | null
  /** Shows what has changed, soon. @param then what needs that it is shown, like a focus */
  redraw: (then?: () => void) => void
  /** Calls when the service answers again after it was away. */
  onBack: (again: () => void, signal: AbortSignal) => void
}

/** A screen that is open, and the part of the address behind its name. */
export interface Place {
  readonly app: App
  readonly parts: readonly string[]
  readonly query: URLSearchParams
  /** Aborted when somebody goes elsewhere. */
  readonly signal: AbortSignal
}

/** Opens a screen; what it returns draws it, again whenever something has changed. */
export type OpenScreen = (place: Place) => () => Child

/** True when whoever looks may do what needs that role. */
export const may = ({ session }: App, role: Role): boolean =>
  session?.role != null && reaches(session.role, role)

/** The address of a screen with what it is asked for. */
export function linkTo(path: string, query: Record<string, string | null | undefined> = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]))
  return `#/${path}${given.length > 0 ? `?${new URLSearchParams(given).toString()}` : ''}`
}
