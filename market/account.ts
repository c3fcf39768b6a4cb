import { createHash } from 'node:crypto'
import type { Secret } from './secret.ts'

/** Stands for an account in budgets and logs: a hash of its token, so that two accounts stay apart and no token is stored. */
export const accountOf = (token: Secret): string =>
  createHash('sha256').update(token.reveal()).digest('hex').slice(0, 12)
