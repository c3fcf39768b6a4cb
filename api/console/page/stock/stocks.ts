import { answerOf } from '../../../../client/index.ts'
import { linkTo, type OpenScreen } from '../app.ts'
import { h } from '../dom.ts'
import { Pages } from '../pages.ts'
import { card, empty, morePages, shown } from '../parts/parts.ts'
import { form, input, textIn } from '../parts/fields.ts'
import { table } from '../parts/table.ts'

// Nobody waits for an answer between two letters.
const PAUSE_MS = 250

/** Stocks by code, name or pinyin. */
export const openStocks: OpenScreen = (place) => {
  const { app } = place
  let search = place.query.get('search') ?? ''
  const pages = new Pages(place, (where) =>
    answerOf(app.client.api.stocks.$get({ query: { ...where, limit: '50', ...(search && { search }) } })),
  )
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = (text: string): void => {
    search = text.trim().slice(0, 40)
    // The address follows without a new screen: the field keeps its focus.
    history.replaceState(null, '', linkTo('stocks', { search }))
    void pages.reload()
  }
  const later = (text: string): void => {
    clearTimeout(timer)
    timer = setTimeout(() => look(text), PAUSE_MS)
  }
  place.signal.addEventListener('abort', () => clearTimeout(timer))
  return () => {
    const { t } = app
    return [
      h('h1', {}, t.nav.stocks),
      card(
        null,
        form(
          (data) => look(textIn(data, 'search') ?? ''),
          input('stocks/search', t.stocks.search, {
            hint: t.stocks.searchHint,
            props: {
              type: 'search',
              value: search,
              placeholder: '600519 · 贵州茅台 · gzmt',
              on: { input: (event) => later((event.target as HTMLInputElement).value) },
            },
          }),
        ),
        shown(app, { value: pages.items, error: pages.error }, (stocks) =>
          stocks.length === 0
            ? empty(
                search ? t.stocks.notFound : t.stocks.none,
                !search && h('a', { href: linkTo('now') }, t.data.begin),
              )
            : table(
                t.nav.stocks,
                [
                  {
                    title: t.common.symbol,
                    view: (one) => h('a', { href: linkTo(`stocks/${one.symbol}`) }, one.symbol),
                  },
                  { title: t.stocks.name, view: (one) => h('span', { lang: 'zh' }, one.name ?? '') },
                  { title: t.stocks.industry, view: (one) => one.industry ?? '' },
                  { title: t.stocks.board, view: (one) => one.market ?? one.board },
                  { title: t.stocks.listed, view: (one) => one.list_date ?? '' },
                  {
                    title: t.common.status,
                    view: (one) => (one.list_status ? t.stocks.states[one.list_status as 'L'] : ''),
                  },
                ],
                stocks,
                (one) => one.symbol,
              ),
        ),
        morePages(place, pages),
      ),
    ]
  }
}
