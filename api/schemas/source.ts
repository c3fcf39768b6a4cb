import { z } from '@hono/zod-openapi'
import type { SettingPatch } from '../../db/source-settings.ts'
import { DATASET_NAMES } from '../../market/datasets.ts'
import { SOURCES } from '../../market/sources.ts'
import type { SourceView } from '../source/view.ts'
import { pageOf, sourceName } from './common.ts'
import {
  budget,
  capability,
  permission,
  siteState,
  toBudget,
  toCapability,
  toPermissions,
  toSite,
} from './source-parts.ts'

export const rank = z
  .number()
  .int()
  .min(1)
  .nullable()
  .openapi({ description: 'Its place in the order right now; null while it is not asked at all', example: 1 })
export const rankReason = z
  .string()
  .openapi({ description: 'Why it stands there, or why it is not asked at all', example: 'priority 1' })

const callsPerMinute = z.number().int().min(0).max(100_000).nullable()
const minIntervalMs = z.number().int().min(0).max(600_000).nullable()
const priority = z.number().int().min(1).max(99).nullable()

export const source = z
  .object({
    name: sourceName,
    title: z.string(),
    description: z.string(),
    enabled: z.boolean().openapi({ description: 'Switched on, though it may lack what it needs' }),
    available: z
      .boolean()
      .openapi({ description: 'Switched on, has what it needs, and not all of its sites rest' }),
    priority: priority.openapi({ description: 'As it is set; 1 is asked first. null: by nobody' }),
    pinned: z.boolean().openapi({ description: 'Keeps its place, whatever is measured' }),
    token: z.object({
      stored: z.boolean().openapi({ description: 'One is in the database, encrypted' }),
      source: z
        .enum(['database', 'environment'])
        .nullable()
        .openapi({ description: 'Where the one in use comes from' }),
      problem: z.string().nullable().openapi({ description: 'Why the stored one cannot be used' }),
    }),
    calls_per_minute: callsPerMinute.openapi({ description: 'null: as the source grants it. 0: no limit' }),
    min_interval_ms: minIntervalMs.openapi({ description: 'null: as is good for the source' }),
    rank,
    rank_reason: rankReason,
    sites: z.array(siteState),
    budgets: z.array(budget).openapi({ description: 'Of the present account; none while it is not asked' }),
    permissions: z.array(permission),
    capabilities: z.array(capability),
    precedence: z
      .number()
      .int()
      .openapi({ description: 'Whose value stands where several have one: 1 is the best', example: 1 }),
  })
  .openapi('Source')

export const sourcePage = pageOf('SourcePage', source)

/** A view → the resource. */
export const toSource = (view: SourceView): z.output<typeof source> => ({
  name: view.name,
  title: SOURCES[view.name].title,
  description: view.description,
  enabled: view.enabled,
  available: view.available,
  priority: view.priority,
  pinned: view.pinned,
  token: view.token,
  calls_per_minute: view.callsPerMinute,
  min_interval_ms: view.minIntervalMs,
  rank: view.rank,
  rank_reason: view.reason,
  sites: view.sites.map(toSite),
  budgets: view.budgets.map((own) => toBudget(own, view.asOfMs)),
  permissions: toPermissions(view),
  capabilities: DATASET_NAMES.flatMap((dataset) => {
    const own = view.capabilities[dataset]
    return own ? [toCapability(dataset, own)] : []
  }),
  precedence: SOURCES[view.name].precedence,
})

// A shorter text would be found everywhere when it is looked for in order to be hidden.
const token = z
  .string('must be text, or null to remove it')
  .trim()
  .min(6, 'is too short for a token; null removes the stored one')
  .max(200, 'is too long for a token')
  .regex(/^[\x21-\x7e]+$/, 'must be one word, as the source gave it')

/** What a person may set. */
export const sourcePatch = z
  .strictObject({
    enabled: z.boolean().nullable(),
    priority,
    pinned: z.boolean(),
    token: token.nullable().openapi({
      type: ['string', 'null'],
      writeOnly: true,
      description: 'Stored encrypted and never shown; null removes it. Needs APP_SECRET',
    }),
    calls_per_minute: callsPerMinute.openapi({ description: '0: no limit' }),
    min_interval_ms: minIntervalMs,
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, {
    error: 'is empty: set one of enabled, priority, pinned, token, calls_per_minute, min_interval_ms',
  })
  .openapi('SourceSettings', {
    minProperties: 1,
    description: 'What is absent stays as it is; null gives it back to the environment',
  })

/** A request → what is to be stored; what was left out stays absent. */
export const toSettingPatch = (patch: z.output<typeof sourcePatch>): SettingPatch => ({
  ...(patch.enabled !== undefined && { enabled: patch.enabled }),
  ...(patch.priority !== undefined && { priority: patch.priority }),
  ...(patch.pinned !== undefined && { pinned: patch.pinned }),
  ...(patch.token !== undefined && { token: patch.token }),
  ...(patch.calls_per_minute !== undefined && { callsPerMinute: patch.calls_per_minute }),
  ...(patch.min_interval_ms !== undefined && { minIntervalMs: patch.min_interval_ms }),
})
