/** What stands in the way of a start and what to do about it: shown without its stack. */
export class SetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SetupError'
  }
}

/** The database does not answer: it may later. */
export class DatabaseAwayError extends SetupError {}
