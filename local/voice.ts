/**
 * How a command that runs in the foreground says what happens: in lines for people, or in JSON for programs, an object a
 * line. The two say the same.
 */
export interface Voice {
  /** A line; for programs `{"event": "log", "message": …}`. */
  line: (text: string) => void
  /** Something that has a value; `lines` are the same for people. */
  tell: (event: string, value: object, lines: readonly string[]) => void
}

/** @param write writes one object on a line of its own */
export const jsonVoice = (write: (value: object) => void): Voice => ({
  line: (text) => {
    const message = text.trim()
    if (message !== '') write({ event: 'log', message })
  },
  tell: (event, value) => write({ event, ...value }),
})

/** For people, on the standard output of this process. */
export const ownVoice: Voice = {
  line: (text) => void process.stdout.write(`${text}\n`),
  tell: (_event, _value, lines) => lines.forEach(ownVoice.line),
}
