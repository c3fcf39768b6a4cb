import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * The files of the console. In a checkout its script and style are made of their sources when they are first asked for;
 * `npm run build` makes them beforehand, so that the image needs no compiler.
 */

const PAGE = join(import.meta.dirname, 'page')
const BUILT = join(import.meta.dirname, 'built')

/** What is made of sources, by name, and where each begins. */
const ENTRIES = { 'console.js': 'main.ts', 'console.css': 'styles/console.css' } as const

type Made = keyof typeof ENTRIES

export interface Asset {
  body: Uint8Array<ArrayBuffer>
  /** Of the content: a browser that has it is told so. */
  etag: string
}

/** Script and style of the page, each as one file. @throws what esbuild says about sources that do not compile */
export async function bundleConsole(): Promise<Record<Made, Uint8Array>> {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: { console: join(PAGE, ENTRIES['console.js']), style: join(PAGE, ENTRIES['console.css']) },
    outdir: BUILT,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    charset: 'utf8',
    target: ['chrome116', 'firefox124', 'safari17.4'],
    logLevel: 'silent',
  })
  const made = (ending: string): Uint8Array => {
    const file = outputFiles.find(({ path }) => path.endsWith(ending))
    if (!file) throw new Error(`the console has no ${ending}`)
    return file.contents
  }
  return { 'console.js': made('.js'), 'console.css': made('.css') }
}

const isCheckout = (): boolean => existsSync(join(PAGE, ENTRIES['console.js']))

const assetOf = (content: Uint8Array): Asset => ({
  body: new Uint8Array(content),
  etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
})

/** Reads the files of the page, each once. A failure is not kept: the next one who asks tries again. */
export class ConsoleAssets {
  readonly #read = new Map<string, Promise<Asset>>()
  #bundle: ReturnType<typeof bundleConsole> | null = null

  page(): Promise<Asset> {
    return this.#once('index.html', () => readFile(join(PAGE, 'index.html')))
  }

  icon(): Promise<Asset> {
    return this.#once('icon.svg', () => readFile(join(PAGE, 'icon.svg')))
  }

  made(name: Made): Promise<Asset> {
    return this.#once(name, async () =>
      isCheckout() ? (await this.#bundled())[name] : await readFile(join(BUILT, name)),
    )
  }

  #bundled(): ReturnType<typeof bundleConsole> {
    this.#bundle ??= bundleConsole().catch((error: unknown) => {
      this.#bundle = null
      throw error
    })
    return this.#bundle
  }

  #once(name: string, read: () => Promise<Uint8Array>): Promise<Asset> {
    const known = this.#read.get(name)
    if (known) return known
    const reading = read().then(assetOf)
    this.#read.set(name, reading)
    reading.catch(() => this.#read.delete(name))
    return reading
  }
}
