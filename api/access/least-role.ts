import { ROLES, type Role } from '../../market/roles.ts'

/** What a route asks of its caller: a role at least, or nothing at all. */
export type Access = Role | 'anyone'

/** Where a route says so; it stands in the OpenAPI document as well. */
export const LEAST_ROLE = 'x-least-role'

/**
 * Spread into a route's definition: who may call it. `viewer` for what reads, `operator` for what starts and steers, `admin`
 * for sources, keys and settings, `anyone` for what has to answer before anybody has shown a key.
 */
export const leastRole = (access: Access): { readonly [LEAST_ROLE]: Access } => ({ [LEAST_ROLE]: access })

export const isAccess = (value: unknown): value is Access =>
  value === 'anyone' || ROLES.some((role) => role === value)
