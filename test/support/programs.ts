import { join } from 'node:path'
import { inject } from 'vitest'
import { programArguments } from '../../local/program.ts'
import { pathOf } from '../project/files.ts'

const made = new Map<string, Promise<string[]>>()

/**
 * What Node has to be given to start a program of ours, or of a test, as `npm start` starts its parts.
 *
 * @param file from the root of the repository
 */
export function programOf(file: string): Promise<string[]> {
  const known = made.get(file) ?? programArguments(pathOf(file), join(inject('folder'), 'programs'))
  made.set(file, known)
  return known
}
