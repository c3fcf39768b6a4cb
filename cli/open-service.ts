import { type Client, createClient } from '../client/index.ts'
import type { Context } from './context.ts'
import { asFailure } from './refusal.ts'
import type { ReadingOptions } from './service-options.ts'

export interface Service {
  client: Client
  url: string
  /** Where people see its runs; null: not known. */
  temporalUi: string | null
}

/**
 * Opens the service that a command is for, and closes it behind it.
 *
 * @throws CliError when it does not answer or refuses
 */
export async function usingService<T>(
  context: Context,
  options: ReadingOptions,
  use: (service: Service) => Promise<T>,
): Promise<T> {
  const service = await openService(context, options)
  try {
    return await use(service)
  } catch (error) {
    throw asFailure(error, service.url)
  } finally {
    await service.close()
  }
}

async function openService(
  context: Context,
  options: ReadingOptions,
): Promise<Service & { close: () => Promise<void> }> {
  // Loads all of the API.
  if (options.direct) return (await import('./direct-service.ts')).directService(context.env)
  const { findService } = await import('./find-service.ts')
  const { url, key, temporalUi } = findService(context, options)
  const client = createClient({ url, apiKey: key?.reveal() })
  return { client, url, temporalUi, close: () => Promise.resolve() }
}
