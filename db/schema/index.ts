export * from './completeness.ts'
export * from './market.ts'
export * from './sync.ts'
