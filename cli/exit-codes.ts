/** What the exit status of every command means; docs/cli.md shows the same list. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  busy: 5,
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'it is done',
  failed: 'it failed, or the run that was watched ended with errors',
  usage: 'the command or the configuration is wrong',
  unreachable: 'the service, or what it needs, does not answer',
  refused: 'the key is missing, unknown or for less',
  busy: 'another run is under way',
  interrupted: 'interrupted; a run goes on',
}
