/** True for names and addresses of this machine, without port. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  return (
    name === 'localhost' || name === '::1' || name === '::ffff:127.0.0.1' || /^127(\.\d{1,3}){3}$/.test(name)
  )
}

/** True for a page that came from the authority in `Host`, and for what is no page at all. */
export const isOwnOrigin = (origin: string | undefined, authority: string | undefined): boolean =>
  origin === undefined || origin === `http://${authority ?? ''}` || origin === `https://${authority ?? ''}`

/** `host[:port]` → host in lower case, an IPv6 address without its brackets; null when it is no such thing. */
export function hostOf(authority: string): string | null {
  // More than a name and a port, e.g. a user before it, is nothing that a client of ours sends.
  if (!/^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.test(authority)) return null
  if (!URL.canParse(`http://${authority}/`)) return null
  return new URL(`http://${authority}/`).hostname.replace(/^\[|\]$/g, '')
}
