import { en } from './en.ts'
import { zh } from './zh.ts'

/** Texts of the page: those of each language have the same names and take the same values. */
export type Words = Texts<typeof en>

type Texts<T> = {
  readonly [Name in keyof T]: T[Name] extends string
    ? string
    : T[Name] extends (...args: infer A) => string
      ? (...args: A) => string
      : Texts<T[Name]>
}

/** Languages by the names that they have for themselves. */
export const LANGUAGES = { en: 'English', zh: '中文' } as const
export type Language = keyof typeof LANGUAGES

export const WORDS: Readonly<Record<Language, Words>> = { en, zh }

const KEPT_AS = 'language'

const isLanguage = (text: string): text is Language => Object.hasOwn(LANGUAGES, text)

/** The one that was chosen before, else the first of the browser that is known here. */
export function firstLanguage(): Language {
  const wanted = [kept() ?? '', ...navigator.languages.map((tag) => tag.split('-')[0] ?? '')]
  return wanted.find(isLanguage) ?? 'en'
}

/** How numbers and times are written: as the browser is set, where it speaks that language. */
export const localeOf = (language: Language): string =>
  navigator.languages.find((tag) => tag.split('-')[0] === language) ?? language

// A browser may forbid to keep anything: then the choice lasts as long as the page.
function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_AS)
  } catch {
    return null
  }
}

export function keepLanguage(language: Language): void {
  try {
    localStorage.setItem(KEPT_AS, language)
  } catch {
    // See above.
  }
}
