import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type BuildOptions, type OutputFile, type Plugin, stop } from 'esbuild'

/*
 * A program of ours as a process of its own starts it: its sources in one file. Loading three hundred of them one by one
 * takes a second of a core more than that, at each start and restart; making the file takes a tenth of one.
 */

/** Packages stay where they are, wherever the file lies that asks for them. */
const packages: Plugin = {
  name: 'packages',
  setup: (compiler) => {
    compiler.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (pluginData === packages || kind === 'entry-point') return null
      const found = await compiler.resolve(path, { kind, importer, resolveDir, pluginData: packages })
      // Node's own modules keep their names.
      if (found.errors.length > 0 || found.external) return found
      return { path: pathToFileURL(found.path).href, external: true }
    })
  },
}

/** What a source says about where it lies stays true: migrations, pages and other programs are found from there. */
const places: Plugin = {
  name: 'places',
  setup: (compiler) => {
    compiler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const known = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) }
      const contents = text.replaceAll(
        /\bimport\.meta\.(url|filename|dirname)\b/g,
        (_, name: keyof typeof known) => JSON.stringify(known[name]),
      )
      return { contents, loader: 'ts' }
    })
  },
}

/**
 * What Node has to be given to start a program from its sources as they are now.
 *
 * @param file path of the program
 * @param folder where the file is made; two starts at once may use the same
 * @throws what esbuild says about sources that do not compile
 */
export async function programArguments(file: string, folder: string): Promise<string[]> {
  const place = createHash('sha256').update(file).digest('hex').slice(0, 8)
  const made = join(folder, `${basename(dirname(file))}-${basename(file, '.ts')}-${place}.mjs`)
  const files = await bundle(file, made)
  await mkdir(folder, { recursive: true })
  await Promise.all(files.map(replace))
  return ['--enable-source-maps', made]
}

let bundling = 0

async function bundle(file: string, made: string): Promise<OutputFile[]> {
  bundling++
  try {
    return (await build(optionsFor(file, made))).outputFiles
  } finally {
    // The compiler stays, with 100 MB, until it is told.
    if (--bundling === 0) await stop()
  }
}

const optionsFor = (file: string, made: string) =>
  ({
    entryPoints: [file],
    outfile: made,
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: `node${process.versions.node}`,
    // As Node looks for packages: what is there for bundlers alone it cannot load.
    mainFields: ['main'],
    conditions: [],
    // Names of functions and classes are in messages.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    plugins: [packages, places],
    logLevel: 'silent',
  }) satisfies BuildOptions

/** Nobody ever reads half a file. */
async function replace({ path, contents }: OutputFile): Promise<void> {
  const part = `${path}.${randomUUID()}`
  await writeFile(part, contents)
  await rename(part, path)
}
