import { keyOf, takeHandlers } from './dom.ts'

/*
 * Makes what is on the page like what it should be, and touches nothing that is so already: the focus, what somebody is
 * typing, a selection and the place of a scrolled list outlive every redraw.
 */

/** Makes `live` like `next`, which is used up. Both are elements of the same name. */
export function morph(live: Element, next: Element): void {
  morphAttributes(live, next)
  takeHandlers(live, next)
  morphChildren(live, next)
}

function morphAttributes(live: Element, next: Element): void {
  for (const { name } of [...live.attributes]) {
    // A person opens and closes it.
    if (name === 'open' && live instanceof HTMLDetailsElement) continue
    if (!next.hasAttribute(name)) live.removeAttribute(name)
  }
  for (const { name, value } of next.attributes)
    if (live.getAttribute(name) !== value) live.setAttribute(name, value)
}

function morphChildren(live: Element, next: Element): void {
  const keyed = new Map<string, ChildNode>()
  for (const child of live.childNodes) {
    const key = keyOf(child)
    if (key !== undefined) keyed.set(key, child)
  }
  let at: ChildNode | null = live.firstChild
  for (const wanted of [...next.childNodes]) {
    const found = match(wanted, at, keyed)
    if (found === null) {
      live.insertBefore(wanted, at)
      continue
    }
    if (found === at) at = at.nextSibling
    else live.insertBefore(found, at)
    if (found instanceof Element) morph(found, wanted as Element)
    else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue
  }
  while (at !== null) {
    const gone = at
    at = at.nextSibling
    gone.remove()
  }
}

/** The child that becomes `wanted`; null when there is none. */
function match(wanted: ChildNode, at: ChildNode | null, keyed: Map<string, ChildNode>): ChildNode | null {
  const key = keyOf(wanted)
  const found = key === undefined ? at : (keyed.get(key) ?? null)
  if (found === null || found.nodeName !== wanted.nodeName || keyOf(found) !== key) return null
  return found
}
