import { z } from '@hono/zod-openapi'
import { type Dataset, DATASET_NAMES, DATASETS } from '../../market/datasets.ts'

const FINANCIALS = 'financials'
const STATEMENTS = DATASET_NAMES.filter((dataset) => 'group' in DATASETS[dataset])
const NAMES = [...DATASET_NAMES, FINANCIALS] as const

/** A dataset, or a group of them → the datasets. */
export const datasetsInput = z
  .enum(NAMES, `must be one of ${NAMES.join(', ')}`)
  .transform((name): Dataset[] => (name === FINANCIALS ? STATEMENTS : [name]))
  .openapi({
    type: 'string',
    enum: [...NAMES],
    description: '`financials` stands for the three statements',
    example: 'bars',
  })
