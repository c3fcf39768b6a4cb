import { type Child, h, type Props } from '../dom.ts'

/* Fields of forms. The browser keeps what is typed; a form is read when it is sent. */

let last = 0
const ids = new Map<string, string>()

/** The same id for the same field in each drawing. */
function idOf(name: string): string {
  const known = ids.get(name)
  if (known !== undefined) return known
  const id = `field-${++last}`
  ids.set(name, id)
  return id
}

interface Described {
  /** What else there is to know. */
  hint?: string | undefined
}

function labelled(
  name: string,
  label: string,
  { hint }: Described,
  field: (more: Props) => Child,
): HTMLElement {
  const id = idOf(name)
  const hintId = `${id}-hint`
  return h(
    'div',
    { class: 'field', key: name },
    h('label', { for: id }, label),
    field({ id, name: name.split('/').at(-1) ?? name, 'aria-describedby': hint !== undefined && hintId }),
    hint !== undefined && h('small', { id: hintId }, hint),
  )
}

type InputOptions = Described & { props?: Props }

/** @param name unique on the page; what stands behind its last slash is the name within the form */
export const input = (name: string, label: string, options: InputOptions = {}): HTMLElement =>
  labelled(name, label, options, (more) =>
    h('input', { type: 'text', autocomplete: 'off', ...more, ...options.props }),
  )

interface SelectOptions extends Described {
  choices: readonly (readonly [value: string, text: string])[]
  value: string
  change?: (value: string) => void
}

export const select = (name: string, label: string, options: SelectOptions): HTMLElement =>
  labelled(name, label, options, (more) =>
    h(
      'select',
      {
        ...more,
        on: { change: (event) => options.change?.((event.target as HTMLSelectElement).value) },
      },
      options.choices.map(([value, text]) => h('option', { value, selected: value === options.value }, text)),
    ),
  )

export const check = (
  name: string,
  label: string,
  options: InputOptions & { value?: string } = {},
): HTMLElement => {
  const id = idOf(options.value === undefined ? name : `${name}/${options.value}`)
  const hintId = `${id}-hint`
  return h(
    'div',
    { class: 'check', key: id },
    h('input', {
      type: 'checkbox',
      id,
      name: name.split('/').at(-1) ?? name,
      value: options.value ?? 'on',
      'aria-describedby': options.hint !== undefined && hintId,
      ...options.props,
    }),
    h('label', { for: id }, label),
    options.hint !== undefined && h('small', { id: hintId }, options.hint),
  )
}

/**
 * A form that is read by its fields' names and never leaves the page.
 *
 * @param submit gets the value of the button that was pressed as well
 */
export const form = (
  submit: (data: FormData, pressed: string) => void,
  ...children: Child[]
): HTMLFormElement =>
  h(
    'form',
    {
      on: {
        submit: (event) => {
          event.preventDefault()
          const pressed = event.submitter instanceof HTMLButtonElement ? event.submitter.value : ''
          submit(new FormData(event.target as HTMLFormElement), pressed)
        },
      },
    },
    ...children,
  )

/** The text of a field; undefined for none. */
export function textIn(data: FormData, name: string): string | undefined {
  const value = data.get(name)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
