import type { SourceError } from '../sources/errors.ts'
import type { ActivityDeps } from './deps.ts'

/** What the breaker has to know of an error. */
export const troubleOf = ({ settings }: ActivityDeps, { errorClass, message }: SourceError) => ({
  errorClass,
  message,
  ...(settings.restSeconds === undefined ? {} : { restSeconds: settings.restSeconds }),
})
