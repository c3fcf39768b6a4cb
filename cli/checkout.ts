import { usageError } from './errors.ts'

/**
 * Whether these are the sources and not what was built of them: the image has neither the embedded servers nor the
 * loader that starts the parts of the service.
 */
const isCheckout = import.meta.filename.endsWith('.ts')

/** @throws CliError where a command cannot work */
export function requireCheckout(command: string): void {
  if (isCheckout) return
  throw usageError(
    `${command} starts everything from a checkout; here docker compose up starts the parts of the service`,
  )
}
