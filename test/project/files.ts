import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Absolute path of a file or folder of the checkout. */
export const pathOf = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))

export const textOf = (name: string): string => readFileSync(pathOf(name), 'utf8')
