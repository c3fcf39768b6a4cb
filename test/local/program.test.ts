import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { programArguments } from '../../local/program.ts'
import { temporaryFolder } from './support.ts'

const FILE = join(import.meta.dirname, 'fixtures/told.ts')
const run = promisify(execFile)

test('wherever it is made, a program finds its packages and what lies beside its source', async () => {
  const folder = temporaryFolder()
  // As two parts that are one program do.
  const [program, same] = await Promise.all([programArguments(FILE, folder), programArguments(FILE, folder)])
  const { stdout } = await run(process.execPath, program)
  expect(JSON.parse(stdout)).toEqual({
    url: pathToFileURL(FILE).href,
    filename: FILE,
    dirname: join(import.meta.dirname, 'fixtures'),
    zod: 7,
  })
  expect(same).toEqual(program)
  expect(readdirSync(folder)).toHaveLength(2)
})

test('an error names the line of the source', async () => {
  const program = await programArguments(FILE, temporaryFolder())
  const failed = run(process.execPath, [...program, 'no stars'])
  await expect(failed).rejects.toMatchObject({
    stderr: expect.stringMatching(/RangeError: no stars\s+at .*fixtures\/told\.ts:5:/) as string,
  })
})

test('each start takes the sources as they are then', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'one.ts')
  const said = async () => (await run(process.execPath, await programArguments(file, folder))).stdout
  writeFileSync(file, 'process.stdout.write("old")')
  expect(await said()).toBe('old')
  writeFileSync(file, 'const text: string = "new"\nprocess.stdout.write(text)')
  expect(await said()).toBe('new')
  writeFileSync(file, 'const text: = ')
  await expect(said()).rejects.toThrow(/one\.ts:1:12: ERROR/)
})
