import { linkTo, type OpenScreen, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { tabs } from '../parts/parts.ts'
import { openDays } from './days.ts'
import { openFailures } from './failures.ts'
import { openFreshness } from './freshness.ts'
import { openGaps } from './gaps.ts'

const PARTS: Readonly<Record<string, OpenScreen>> = {
  '': openFreshness,
  days: openDays,
  gaps: openGaps,
  failures: openFailures,
}

/** What is there, what is missing, and why. */
export const openData: OpenScreen = (place: Place) => {
  const { app, parts } = place
  const [part = ''] = parts
  const open = (Object.hasOwn(PARTS, part) ? PARTS[part] : undefined) ?? openFreshness
  const view = open(place)
  return (): Child => {
    const { t } = app
    const names = { '': t.data.freshness, days: t.data.days, gaps: t.data.gaps, failures: t.data.failures }
    return [
      h('h1', {}, t.nav.data),
      tabs(
        t.nav.data,
        Object.entries(names).map(([name, text]) => ({
          text,
          href: linkTo(name === '' ? 'data' : `data/${name}`),
          isCurrent: name === part,
        })),
      ),
      view(),
    ]
  }
}
