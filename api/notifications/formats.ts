import { createHmac } from 'node:crypto'
import type { NotificationFormat } from '../../market/notifications.ts'

/*
 * How each receiver wants a notice: what is posted where, how it is signed, and how an answer says that it was refused.
 * The chat services answer 200 to everything and put the refusal into the body.
 */

export interface Telling {
  id: number
  event: string
  title: string
  text: string
  details: Record<string, unknown>
  /** ISO 8601 UTC. */
  occurredAt: string
}

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
}

interface Format {
  /** How many a minute the receiver may be sent; null: as many as there are. */
  perMinute: number | null
  post(telling: Telling, url: string, secret: string | null, nowMs: number): Post
  /** What an answer with status 200 refuses for; null when it was taken. */
  refusal(body: string): string | null
}

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' }
const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text, 'utf8').digest('base64')

// The longest text that WeCom takes, in bytes of UTF-8. DingTalk and Feishu take bodies of 20,000, in which a byte may be
// escaped by six, and Slack 40,000 characters; but nobody reads more than this in a chat.
const WECOM_BYTES = 2_048
const CHAT_BYTES = 3_000

/** The name first: it tells a group who speaks, and is the keyword for robots that take only messages with one. */
const plain = ({ title, text }: Telling, bytes = CHAT_BYTES) =>
  cutText(`ashare-sync: ${title}\n${text}`, bytes)

const MORE = '… (the rest: GET /api/notifications)'

/** A text of at most so many bytes of UTF-8, which ends between two characters and says when it has been cut. */
export function cutText(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let left = bytes - Buffer.byteLength(MORE)
  let kept = ''
  // A unit is a byte at least: what is sliced off here would not fit either, and is not looked at.
  for (const { segment } of new Intl.Segmenter().segment(text.slice(0, bytes))) {
    left -= Buffer.byteLength(segment)
    if (left < 0) break
    kept += segment
  }
  return kept + MORE
}

/** The code in a chat service's answer, under one of several names; 0 is success. */
function codeIn(body: string, ...names: string[]): string | null {
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    return `not a JSON answer: ${body.slice(0, 200)}`
  }
  const fields = new Map(Object.entries(answer ?? {}))
  const code: unknown = names.map((name): unknown => fields.get(name)).find((value) => value !== undefined)
  return code === 0 ? null : body.slice(0, 300)
}

// Both refuse more than 20, DingTalk for ten minutes. Several senders may be one too many each, and so may the test button.
const STRICT_PER_MINUTE = 15

export const FORMATS: Readonly<Record<NotificationFormat, Format>> = {
  // Signed as standardwebhooks.com says: the id, the time and the body, with the secret as its bytes.
  generic: {
    perMinute: null,
    post: (telling, url, secret, nowMs) => {
      const { id, event, title, text, details, occurredAt } = telling
      const body = JSON.stringify({ id, event, title, text, details, occurred_at: occurredAt })
      const [name, at] = [`ashare-sync-${id}`, String(Math.floor(nowMs / 1000))]
      const signature =
        secret === null ? {} : { 'webhook-signature': `v1,${hmac(keyOf(secret), `${name}.${at}.${body}`)}` }
      return {
        url,
        headers: { ...JSON_TYPE, 'webhook-id': name, 'webhook-timestamp': at, ...signature },
        body,
      }
    },
    refusal: () => null,
  },
  // The secret signs nothing but itself and the second.
  feishu: {
    perMinute: 60,
    post: (telling, url, secret, nowMs) => {
      const at = String(Math.floor(nowMs / 1000))
      const signature = secret === null ? {} : { timestamp: at, sign: hmac(`${at}\n${secret}`, '') }
      const body = JSON.stringify({ ...signature, msg_type: 'text', content: { text: plain(telling) } })
      return { url, headers: JSON_TYPE, body }
    },
    refusal: (body) => codeIn(body, 'code', 'StatusCode'),
  },
  dingtalk: {
    perMinute: STRICT_PER_MINUTE,
    post: (telling, url, secret, nowMs) => {
      const signed = new URL(url)
      if (secret !== null) {
        signed.searchParams.set('timestamp', String(nowMs))
        signed.searchParams.set('sign', hmac(secret, `${nowMs}\n${secret}`))
      }
      const body = JSON.stringify({ msgtype: 'text', text: { content: plain(telling) } })
      return { url: signed.toString(), headers: JSON_TYPE, body }
    },
    refusal: (body) => codeIn(body, 'errcode'),
  },
  // The key in its address is all that protects it.
  wecom: {
    perMinute: STRICT_PER_MINUTE,
    post: (telling, url) => ({
      url,
      headers: JSON_TYPE,
      body: JSON.stringify({ msgtype: 'text', text: { content: plain(telling, WECOM_BYTES) } }),
    }),
    refusal: (body) => codeIn(body, 'errcode'),
  },
  slack: {
    perMinute: 60,
    post: (telling, url) => ({
      url,
      headers: JSON_TYPE,
      body: JSON.stringify({ text: escaped(plain(telling)) }),
    }),
    refusal: (body) => (body.trim() === 'ok' ? null : body.slice(0, 300)),
  },
}

/** A secret of the standard begins with `whsec_` and is base64; any other one is taken as it is. */
const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8')

// Else they would begin a link or a mention.
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const HOSTS: readonly [RegExp, NotificationFormat][] = [
  [/^open\.(feishu\.cn|larksuite\.com)$/, 'feishu'],
  [/^oapi\.dingtalk\.com$/, 'dingtalk'],
  [/^qyapi\.weixin\.qq\.com$/, 'wecom'],
  [/^hooks\.slack\.com$/, 'slack'],
]

/** The format of a receiver by its host; generic where it is none of the known ones. */
export const formatOf = (url: string): NotificationFormat =>
  HOSTS.find(([host]) => host.test(new URL(url).hostname))?.[1] ?? 'generic'
