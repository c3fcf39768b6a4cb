/*
 * Elements as plain calls. Text becomes text nodes and nothing else: what an API says can never be markup here.
 */

export type Child = Node | string | number | false | null | undefined | readonly Child[]

type Handlers = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }
type Attribute = string | number | boolean | null | undefined

/** `on` listens; `key` tells an element from its siblings when they change places; all else are attributes. */
export type Props = { on?: Handlers; key?: string } & { [name: string]: Attribute | Handlers }

const SVG = 'http://www.w3.org/2000/svg'
const handlersOf = new WeakMap<Element, Handlers>()
const keys = new WeakMap<Node, string>()

export const keyOf = (node: Node): string | undefined => keys.get(node)

/** An HTML element. */
export function h<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  return furnish(document.createElement(tag), props, children)
}

/** An SVG element. */
export function svg(tag: keyof SVGElementTagNameMap, props: Props = {}, ...children: Child[]): SVGElement {
  return furnish(document.createElementNS(SVG, tag), props, children)
}

function furnish<E extends Element>(element: E, { on, key, ...attributes }: Props, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes as Record<string, Attribute>)) {
    if (value === false || value === null || value === undefined) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  if (key !== undefined) keys.set(element, key)
  if (on) listen(element, on)
  append(element, children)
  return element
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    if (typeof child === 'string' || typeof child === 'number') parent.append(String(child))
    else if (child instanceof Node) parent.append(child)
    else append(parent, child)
  }
}

/** What an element does from now on; earlier handlers are forgotten. */
function listen(element: Element, handlers: Handlers): void {
  const before = handlersOf.get(element) ?? {}
  handlersOf.set(element, handlers)
  for (const type of Object.keys(handlers)) if (!(type in before)) element.addEventListener(type, dispatch)
}

function dispatch(this: unknown, event: Event): void {
  const handlers = handlersOf.get(event.currentTarget as Element)
  const handler = handlers?.[event.type as keyof Handlers] as ((event: Event) => void) | undefined
  handler?.(event)
}

/** Gives one element what another one listens to. */
export function takeHandlers(to: Element, from: Element): void {
  const handlers = handlersOf.get(from)
  if (handlers) listen(to, handlers)
  else if (handlersOf.has(to)) handlersOf.set(to, {})
}
