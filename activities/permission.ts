import { deniedApis } from '../db/queries/budgets.ts'
import { type Capability, permitted } from '../market/capability.ts'
import type { Dataset } from '../market/datasets.ts'
import type { Source } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import type { Work } from './batch-work.ts'
import type { ActivityDeps } from './deps.ts'

/** What a source can do for a dataset as far as its account may; what it can do at all where it may do none of it. */
export async function capabilityOf(
  deps: ActivityDeps,
  source: Source,
  dataset: Dataset,
): Promise<Capability | undefined> {
  const capability = source.capabilities[dataset]
  if (!capability?.instead) return capability
  return permitted(capability, await deniedApis(deps.db.sql, source.name, source.account)) ?? capability
}

/** True for a refusal that the account has another interface for: the batch goes on with that one. */
export const goesOnInstead = ({ capability }: Work, error: unknown): boolean =>
  error instanceof SourceError &&
  error.errorClass === 'PermissionDenied' &&
  error.details.api === capability.api &&
  capability.instead !== undefined
