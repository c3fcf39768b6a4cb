import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/*
 * A page that says step by step what to change, as changes. It speaks of a file in four ways:
 *
 *   In `FILE`, after `LINE`:  and a block      In `FILE`, each `TEXT` becomes `TEXT`.
 *   In `FILE`, before `LINE`: and a block      In `FILE`, the line `LINE` goes.
 *   New file `FILE`:          and a block
 */

export interface Change {
  /** The heading that it stands under. */
  step: string
  file: string
  kind: 'after' | 'before' | 'becomes' | 'goes' | 'new'
  /** The line or text that it is about. */
  at: string
  text: string
}

const FORMS: readonly { kind: Change['kind']; form: RegExp }[] = [
  { kind: 'after', form: /^In `([^`]+)`, after `(.+)`:$/ },
  { kind: 'before', form: /^In `([^`]+)`, before `(.+)`:$/ },
  { kind: 'becomes', form: /^In `([^`]+)`, each `([^`]+)` becomes `([^`]+)`\.$/ },
  { kind: 'goes', form: /^In `([^`]+)`, the line `(.+)` goes\.$/ },
  { kind: 'new', form: /^New file `([^`]+)`:$/ },
]

/** The changes of a page, in its order. */
export function readGuide(markdown: string): Change[] {
  const lines = markdown.split('\n')
  const changes: Change[] = []
  let step = ''
  for (const [i, line] of lines.entries()) {
    if (line.startsWith('## ')) step = line.slice(3)
    for (const { kind, form } of FORMS) {
      const [, file, at = '', text = ''] = form.exec(line) ?? []
      if (file !== undefined)
        changes.push({ step, file, kind, at, text: text === '' ? blockAt(lines, i + 1) : text })
    }
  }
  return changes
}

/** The next block of code, when it comes at once. */
function blockAt(lines: readonly string[], from: number): string {
  if (lines[from] !== '' || !lines[from + 1]?.startsWith('```')) return ''
  const end = lines.indexOf('```', from + 2)
  return lines.slice(from + 2, end).join('\n')
}

/** Makes a change in a copy of the repository; throws naming the step when the file is not as the page says. */
export function applyChange(root: string, { step, file, kind, at, text }: Change): void {
  const path = join(root, file)
  if (kind === 'new') {
    if (existsSync(path)) throw new Error(`step ${step}: ${file} is there already`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${text}\n`)
    return
  }
  const before = readFileSync(path, 'utf8')
  const found =
    kind === 'becomes' ? before.includes(at) : before.split('\n').filter((line) => line === at).length === 1
  if (!found) throw new Error(`step ${step}: ${file} does not have once: ${at}`)
  writeFileSync(path, changed(before, { kind, at, text }))
}

function changed(before: string, { kind, at, text }: Pick<Change, 'kind' | 'at' | 'text'>): string {
  if (kind === 'becomes') return before.replaceAll(at, text)
  return before
    .split('\n')
    .flatMap((line) => {
      if (line !== at) return [line]
      return kind === 'goes' ? [] : kind === 'after' ? [line, text] : [text, line]
    })
    .join('\n')
}
