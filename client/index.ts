/*
 * The HTTP API as TypeScript sees it: paths, parameters and answers are those of the schemas that the service itself checks
 * with. Only types come from there; see docs/client.md.
 */

export { answerOf, ApiError, type BodyOf, itemsOf, responseOf } from './answer.ts'
export { type Client, type ClientOptions, createClient } from './client.ts'
export { hasEnded, type RunEvent, runEvents, type RunEventsOptions } from './events.ts'
