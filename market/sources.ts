/** The upstreams, in the default order of preference. */
export const SOURCES = {
  tushare: {
    title: 'Tushare Pro',
    description: 'Professional A-share data API; needs a token',
    needsToken: true,
  },
} as const satisfies Record<string, { title: string; description: string; needsToken: boolean }>

export type SourceName = keyof typeof SOURCES
export const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[]
export const isSourceName = (value: string): value is SourceName => Object.hasOwn(SOURCES, value)
