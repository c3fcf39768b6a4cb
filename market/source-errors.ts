/**
 * What can go wrong with an upstream, and what follows from it: the one table that sources classify into and that
 * workflows decide by.
 *
 * `retryInPlace`: the same call may be sent again after 1, 2, 4 s. `next`: what the workflow does when that is over.
 */
export const SOURCE_ERRORS = {
  RateLimited: { retryInPlace: false, next: 'wait', hint: 'the run goes on by itself when the limit allows' },
  Transient: { retryInPlace: true, next: 'rest', hint: 'the source rests and is asked again' },
  AuthFailed: { retryInPlace: false, next: 'stop', hint: 'check the token of the source' },
  PermissionDenied: {
    retryInPlace: false,
    next: 'skip',
    hint: 'the account may not call this interface: raise its points or enable another source',
  },
  BadRequest: {
    retryInPlace: false,
    next: 'isolate',
    hint: 'the request itself was refused: please report it with this message',
  },
  SchemaDrift: {
    retryInPlace: false,
    next: 'isolate',
    hint: 'the answer no longer has the expected form: a sample is in quarantine',
  },
  Banned: {
    retryInPlace: false,
    next: 'rest',
    hint: 'the upstream blocks this address: wait, and call less often',
  },
  NotServed: {
    retryInPlace: false,
    next: 'skip',
    hint: 'no source that is switched on has it: enable one that does',
  },
  NotPublished: {
    retryInPlace: false,
    next: 'isolate',
    hint: 'the upstream has nothing of the newest session yet: the next run asks again',
  },
  SourceDown: { retryInPlace: false, next: 'rest', hint: 'the source rests and is asked again' },
} as const satisfies Record<
  string,
  { retryInPlace: boolean; next: 'wait' | 'rest' | 'stop' | 'skip' | 'isolate'; hint: string }
>

export type SourceErrorClass = keyof typeof SOURCE_ERRORS

/** What a new run a few minutes later would only meet again: a person, or another day, has to change it first. */
export const LASTING_ERRORS: readonly SourceErrorClass[] = [
  'AuthFailed',
  'PermissionDenied',
  'RateLimited',
  'Banned',
]
