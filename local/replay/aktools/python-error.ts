import { pythonRepr } from './python-json.ts'

/** An exception inside a function. AKTools says nothing of it: 500, `Internal Server Error`. */
export class PythonError extends Error {
  override readonly name: string = 'PythonError'
}

/** The one exception that AKTools answers itself, with 404: a word that is none of the choices, or a changed site. */
export class PythonKeyError extends PythonError {
  override readonly name = 'PythonKeyError'
  /** As the answer shows it. */
  readonly shown: string

  constructor(key: string) {
    super(`KeyError: ${key}`)
    this.shown = pythonRepr(key)
  }
}

/** Picks named columns out of a list that the site sent empty. */
export const noSuchColumns = (names: readonly string[]): PythonKeyError =>
  new PythonKeyError(
    `None of [Index([${names.map(pythonRepr).join(', ')}], dtype='str')] are in the [columns]`,
  )
