import { pino } from 'pino'
import { createApp } from '../../api/app.ts'
import type { ApiDeps } from '../../api/deps.ts'
import { createRedactor } from '../../market/redact.ts'
import { createSourceReader } from '../../api/source/overview.ts'
import { TemporalGateway } from '../../api/temporal/gateway.ts'
import { type Client, createClient } from '../../client/index.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import { type Lab, type LabOptions, openLab } from '../support/lab.ts'

export interface Answer<T = Record<string, unknown>> {
  status: number
  headers: Headers
  text: string
  body: T
}

export interface ApiLab extends Lab {
  api: ApiDeps
  app: ReturnType<typeof createApp>
  /** Where types help; `get`, `post` and `put` send anything. */
  http: Client
  get<T = Record<string, unknown>>(path: string, headers?: Record<string, string>): Promise<Answer<T>>
  post<T = Record<string, unknown>>(
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>
  put<T = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<T>>
  /** Ends every run that is under way, so that the next test finds the lock free. */
  clear(): Promise<void>
}

/** A lab with the HTTP service on top; without workers unless a test asks for them. */
export async function openApiLab(options: LabOptions & { api?: Partial<ApiDeps> } = {}): Promise<ApiLab> {
  const lab = await openLab({ worker: false, ...options })
  const closing = new AbortController()
  const { tushare } = lab.environment
  const redactor = createRedactor([tushare.token])
  const key = options.sealKey ?? null
  const api: ApiDeps = {
    db: lab.db,
    temporal: new TemporalGateway(lab.client, lab.temporal.namespace),
    sources: createSourceReader({
      sql: lab.db.sql,
      // A plan shows the pace of a real account; workers of a test keep none.
      environment: { ...lab.environment, tushare: { ...tushare, callsPerMinute: undefined } },
      key,
      onToken: redactor.learn,
      now: lab.deps.now,
    }),
    sealKey: key,
    receiver: null,
    // A test sends more in a minute than a person does.
    access: { keys: [], openWithoutKeys: true, allowedHosts: [], corsOrigins: [], changesPerMinute: 0 },
    settings: { ...RUN_DEFAULTS, lock: 'global', batchSize: options.batchSize ?? RUN_DEFAULTS.batchSize },
    log: pino({ level: 'silent' }),
    now: lab.deps.now,
    closing: closing.signal,
    redact: redactor.redact,
    ...options.api,
  }
  const app = createApp(api)
  // Not a copy: the lab's own members change.
  return Object.assign(Object.create(lab) as Lab, {
    api,
    app,
    http: createClient({ url: 'http://localhost', fetch: app.request }),
    ...clientOf(app),
    clear: () => endAllRuns(lab),
    close: async () => {
      closing.abort()
      await lab.close()
    },
  })
}

/** Sends requests to an app as a program on this machine would. */
export function clientOf(app: ReturnType<typeof createApp>): Pick<ApiLab, 'get' | 'post' | 'put'> {
  const send = async <T>(
    method: 'POST' | 'PUT',
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> => {
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body)
    const type: Record<string, string> = text === null ? {} : { 'content-type': 'application/json' }
    return await read(await app.request(path, { method, headers: { ...type, ...headers }, body: text }))
  }
  return {
    get: async (path, headers = {}) => await read(await app.request(path, { headers })),
    post: async (path, body, headers) => await send('POST', path, body, headers),
    put: async (path, body) => await send('PUT', path, body),
  }
}

/** All that comes. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function read<T>(response: Response): Promise<Answer<T>> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (isJson ? JSON.parse(text) : text) as T,
  }
}

async function endAllRuns(lab: Lab): Promise<void> {
  const open = await lab.db.sql<{ workflow_id: string }[]>`
    update sync_run set status = 'cancelled', owner_epoch = owner_epoch + 1, finished_at = now()
    where status in ('pending', 'running', 'paused', 'waiting') returning workflow_id`
  for (const { workflow_id: id } of open)
    await lab.client.workflow
      .getHandle(id)
      .terminate('end of test')
      .catch(() => undefined)
}
