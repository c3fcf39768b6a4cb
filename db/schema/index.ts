export * from './completeness.ts'
export * from './market.ts'
export * from './sources.ts'
export * from './sync.ts'
