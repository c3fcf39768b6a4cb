import { z } from '@hono/zod-openapi'
import { PROBLEMS, type ProblemCode } from '../problems.ts'
import { problemBody, seedError } from './common.ts'

export interface JsonResponse<T extends z.ZodType> {
  description: string
  content: { 'application/json': { schema: T; example?: unknown } }
}

/** A JSON answer with an example. */
export const json = <T extends z.ZodType>(
  description: string,
  schema: T,
  example?: unknown,
): JsonResponse<T> => ({
  description,
  content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
})

/** An answer with rows, in any format. */
export const tableMedia = <T extends z.ZodType>(rows: T, csvExample?: string) => ({
  'application/json': { schema: rows },
  'text/csv': { schema: z.string(), ...(csvExample === undefined ? {} : { example: csvExample }) },
  'application/vnd.apache.parquet': { schema: binary },
  'application/vnd.apache.arrow.stream': { schema: binary },
})

const binary = z.string().openapi({ format: 'binary' })

/** A JSON body; without one every field has its default. */
export const body = <T extends z.ZodType, const R extends boolean>(
  schema: T,
  required: R,
  example: unknown,
) => ({
  required,
  content: { 'application/json': { schema, example } },
})

/** The refusals of every route with a JSON body. */
export const HAS_A_BODY = [
  'invalid_request',
  'malformed_json',
  'foreign_origin',
  'body_too_large',
  'unsupported_media_type',
] as const satisfies ProblemCode[]

/** The refusals of every route with a JSON body that starts a run. */
export const STARTS_A_RUN = [
  ...HAS_A_BODY,
  'run_active',
  'temporal_unavailable',
] as const satisfies ProblemCode[]

// What any route may answer.
const ALWAYS = ['foreign_host', 'internal', 'database_unavailable'] as const satisfies ProblemCode[]

const grouped = (codes: readonly ProblemCode[]) => {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of [...codes, ...ALWAYS]) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return [...byStatus].map(([status, own]) => ({
    status,
    description: own.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
    first: own[0] ?? 'internal',
  }))
}

/** The refusals of a route of ours. Handlers throw them, so their types stay out of what a handler returns. */
export function problems(...codes: ProblemCode[]): object {
  return Object.fromEntries(
    grouped(codes).map(({ status, description, first }) => [
      String(status),
      problemResponse(description, first),
    ]),
  )
}

const problemResponse = (description: string, code: ProblemCode) => ({
  description,
  content: {
    'application/problem+json': {
      schema: problemBody,
      example: {
        type: `/openapi.json#problem-${code}`,
        code,
        title: PROBLEMS[code].title,
        status: PROBLEMS[code].status,
        detail: 'What is wrong and what to do about it',
        request_id: 'b1f0c7de-5b59-4f0f-8b7f-0a9a4a3c2d11',
      },
    },
  },
})

/** What a route of the seeds answers. */
export const envelope = <T extends z.ZodType>(name: string, data: T) =>
  z.object({ success: z.literal(true), message: z.string(), data }).openapi(name)

/** The same with the fields of `data` at the top as well, where the second seed has them. */
export const flatEnvelope = <T extends z.ZodRawShape>(name: string, data: T) =>
  z.object({ ...data, success: z.literal(true), message: z.string(), data: z.object(data) }).openapi(name)

/** The refusals of a route of the seeds. */
export function seedErrors(...codes: ProblemCode[]): object {
  return Object.fromEntries(
    grouped(codes).map(({ status, description }) => [String(status), json(description, seedError)]),
  )
}
