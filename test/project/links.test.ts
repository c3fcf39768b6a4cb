import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { pathOf } from './files.ts'

const ROOT = pathOf('.')
const SKIPPED = new Set(['node_modules', 'dist', '.git', '.data', 'coverage', 'secrets'])

const markdownIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownIn(path)
    return entry.name.endsWith('.md') ? [path] : []
  })

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const slug = words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    anchors.add(times === 0 ? slug : `${slug}-${times}`)
  }
  for (const [, id = ''] of text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

/** Targets of links and images, and of the HTML that a page has among them. */
function targetsOf(text: string): string[] {
  const clean = withoutCode(text)
  const inline = [...clean.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const named = [...clean.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)]
  const html = [...clean.matchAll(/\b(?:href|src|srcset)="([^"]+)"/g)]
  return [...inline, ...named, ...html].map(([, target = '']) => target)
}

function whyBroken(page: string, target: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return null
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path))
  if (relative(ROOT, file).startsWith('..')) return 'leads out of the repository'
  if (!existsSync(file)) return 'does not exist'
  if (anchor === undefined || !file.endsWith('.md') || !statSync(file).isFile()) return null
  const known = anchorsOf(readFileSync(file, 'utf8'))
  return known.has(decodeURIComponent(anchor)) ? null : `has no heading for #${anchor}`
}

const pages = markdownIn(ROOT).map((path) => relative(ROOT, path))

test('there are pages to look at', () => {
  expect(pages).toEqual(
    expect.arrayContaining(['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'docs/operations.md']),
  )
})

test.each(pages)('every link of %s to a file or a heading leads there', (page) => {
  const path = join(ROOT, page)
  const broken = targetsOf(readFileSync(path, 'utf8')).flatMap((target) => {
    const reason = whyBroken(path, target)
    return reason === null ? [] : [`${target} ${reason}`]
  })
  expect(broken).toEqual([])
})

test('anchors are those of GitHub', () => {
  const text = '# A `code` & more\n## Is it well?\n## Is it well?\n## 数据 来源\n```\n# no heading\n```\n'
  expect([...anchorsOf(text)]).toEqual(['a-code--more', 'is-it-well', 'is-it-well-1', '数据-来源'])
  expect(whyBroken(join(ROOT, 'README.md'), 'docs/absent.md')).toBe('does not exist')
  expect(whyBroken(join(ROOT, 'README.md'), 'docs/operations.md#absent')).toContain('no heading')
})
