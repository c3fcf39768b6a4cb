import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

// The checkout, or dist/ when this file was compiled: both have the same folders.
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
// Where the build puts the bundle; a checkout has none there.
const PREBUILT = path.join(ROOT, 'workflow-bundle.js')
// All code that the workflow bundle can hold (lint forbids workflows any other import of ours).
const BUNDLED_FOLDERS = ['workflows', 'planning', 'market']

/**
 * The workflow bundle: the one that the build made, or else one made once for each state of the sources, since bundling
 * takes seconds and a warm start must not.
 *
 * @param cacheDir where bundles are kept between starts from a checkout
 */
export async function workflowBundle(cacheDir: string): Promise<{ codePath: string }> {
  if (await exists(PREBUILT)) return { codePath: PREBUILT }
  const codePath = path.join(cacheDir, `workflows-${await sourceHash()}.js`)
  if (!(await exists(codePath))) await bundleInChild(codePath)
  return { codePath }
}

/** In a process of its own, since the bundler needs 100 MB that this one would keep for as long as it lives. */
async function bundleInChild(codePath: string): Promise<void> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const program = path.join(ROOT, 'activities/worker/bundle-main.ts')
  await promisify(execFile)(process.execPath, ['--import', tsx, program, codePath], { timeout: 120_000 })
}

/** Bundles the workflows into a file. */
export async function buildWorkflowBundle(codePath: string): Promise<void> {
  // Whoever only looks for a bundle need not load the SDK.
  const { bundleWorkflowCode } = await import('@temporalio/worker')
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(ROOT, 'workflows/index.ts'),
    workflowInterceptorModules: [path.join(ROOT, 'workflows/tracing.ts')],
    logger: silent,
  })
  await mkdir(path.dirname(codePath), { recursive: true })
  // Renamed into place: a second worker that starts now never reads half a file.
  const part = `${codePath}.${process.pid}`
  await writeFile(part, code)
  await rename(part, codePath)
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  )

const nothing = () => undefined
const silent = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing }

async function sourceHash(): Promise<string> {
  const hash = createHash('sha256')
  hash.update(
    (createRequire(import.meta.url)('@temporalio/worker/package.json') as { version: string }).version,
  )
  for (const folder of BUNDLED_FOLDERS) {
    const files = await readdir(path.join(ROOT, folder), { recursive: true })
    for (const file of files.filter((name) => name.endsWith('.ts')).sort()) {
      hash.update(file).update(await readFile(path.join(ROOT, folder, file)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}
