#!/usr/bin/env node
/*
 * `ashare-sync`. A checkout runs its sources through tsx, the image what `npm run build` made of them: the sources go
 * first, since a dist/ beside them may be older.
 */
import { existsSync } from 'node:fs'

const source = new URL('./main.ts', import.meta.url)
if (existsSync(source)) {
  const { register } = await import('tsx/esm/api')
  register()
  await import(source.href)
} else {
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
}
