import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'

/*
 * Requests out of an OpenAPI document: such as it describes, and such with something else in some of the places; and whether
 * an answer is one that it names.
 */

export interface Schema {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  format?: string
  pattern?: string
  example?: unknown
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  $ref?: string
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}
interface Media {
  schema?: Schema
  example?: unknown
}
export interface Operation {
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema; example?: unknown }[]
  requestBody?: { required?: boolean; content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}
export interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
export interface AnyRequest {
  path: string
  headers: Record<string, string>
  body: string | null
}

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    '0',
    'null',
    'true',
    '600000',
    '2026-11-20',
    '2026-02-30',
    '-1',
    '1e999',
    '%00',
    '../..',
  ),
)
const anything: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text, text, { maxKeys: 2 }),
)
const day = fc
  .date({ min: new Date('1980-01-01'), max: new Date('2040-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))

/** Values that fit a schema, or nearly: patterns and checks across fields are not looked at. */
function fitting(schema: Schema, document: Document): fc.Arbitrary<unknown> {
  const of = (part: Schema) => fitting(part, document)
  if (schema.$ref !== undefined)
    return of(document.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
  const example = schema.example === undefined ? [] : [fc.constant(schema.example)]
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...example, ...choices.map(of))
  const types = [schema.type ?? []].flat()
  return types.length === 0
    ? fc.oneof(...example, anything)
    : fc.oneof(...example, ...types.map((type) => ofType(type, schema, of)))
}

function ofType(
  type: string,
  schema: Schema,
  of: (part: Schema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const { minimum: min = -5, maximum: max = 1_000 } = schema
  switch (type) {
    case 'integer':
      return fc.integer({ min, max: Math.min(max, Number.MAX_SAFE_INTEGER) })
    case 'number':
      return fc.double({ min, max, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(of(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.max(3, schema.minItems ?? 0),
      })
    case 'object':
      return fc.record(
        Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, of(part)])),
        { requiredKeys: schema.required ?? [] },
      )
    default:
      return schema.format === 'uuid' ? fc.uuid() : schema.format === 'date' ? day : fc.oneof(day, text)
  }
}

const mostly = (good: fc.Arbitrary<unknown>, bad: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: good, weight: 4 }, { arbitrary: bad, weight: 1 })

/** Requests to one operation. */
export function requestsTo(path: string, operation: Operation, document: Document): fc.Arbitrary<AnyRequest> {
  const parameters = operation.parameters ?? []
  const valueOf = ({ schema = {}, example }: (typeof parameters)[number]) =>
    mostly(fitting(example === undefined ? schema : { ...schema, example }, document), text)
  const recordOf = (where: string) => {
    const own = parameters.filter((parameter) => parameter.in === where)
    const isNeeded = where === 'path'
    return fc.record(Object.fromEntries(own.map((parameter) => [parameter.name, valueOf(parameter)])), {
      requiredKeys: own.filter(({ required }) => isNeeded || required).map(({ name }) => name),
    })
  }
  const media = operation.requestBody?.content['application/json']
  const body = media
    ? mostly(withSlips(fitting(media.schema ?? {}, document)), anything)
    : fc.constant(undefined)
  return fc.record({ path: recordOf('path'), query: recordOf('query'), body }).map((parts) => {
    const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(parts.path[name]))
    const query = Object.entries(parts.query).map(([name, value]) => `${name}=${encoded(value)}`)
    return {
      path: query.length > 0 ? `${filled}?${query.join('&')}` : filled,
      headers: parts.body === undefined ? {} : { 'content-type': 'application/json' },
      body: parts.body === undefined ? null : JSON.stringify(parts.body),
    }
  })
}

/** Objects with a wrong value in one of their fields, now and then. */
const withSlips = (objects: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(objects, fc.nat(9), anything).map(([object, place, value]) => {
    const names = typeof object === 'object' && object !== null ? Object.keys(object) : []
    const name = names[place]
    return name === undefined ? object : { ...(object as object), [name]: value }
  })

// A path with nothing in it is another path; half of a pair of characters is no text on the wire.
const encoded = (value: unknown): string => {
  const plain = typeof value === 'string' ? value : JSON.stringify(value)
  return encodeURIComponent(Buffer.from(plain).toString()).replaceAll('.', '%2E') || 'x'
}

/** Says what is wrong with an answer by the document; null when nothing is. */
export function answerChecker(
  document: Document,
): (route: { path: string; method: string }, response: Response, body: string) => string | null {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema(document, 'api')
  const pointer = (...parts: string[]) =>
    parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
  return ({ path, method }, response, body) => {
    const status = String(response.status)
    const documented = document.paths[path]?.[method]?.responses[status]
    if (!documented) return `status ${status} is not documented`
    if (documented.content === undefined)
      return body === '' ? null : `status ${status} should have no content`
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const media = documented.content[type]
    if (!media) return `content type ${type} is not documented for ${status}`
    if (!type.endsWith('json')) return null
    const place = pointer('paths', path, method, 'responses', status, 'content', type, 'schema')
    const valid = ajv.getSchema(`api#/${place}`)
    if (!valid) return `no schema for ${status}`
    return valid(JSON.parse(body)) ? null : ajv.errorsText(valid.errors)
  }
}
