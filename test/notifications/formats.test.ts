import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cutText, FORMATS, formatOf, type Telling } from '../../api/notifications/formats.ts'
import { tellingOf } from '../../api/notifications/notifier.ts'
import { sendNotice } from '../../api/notifications/send.ts'
import type { NotificationFormat } from '../../market/notifications.ts'
import { createRedactor } from '../../market/redact.ts'
import { Secret } from '../../market/secret.ts'

/*
 * What each receiver gets over a real connection, checked the way it checks it, and what its refusals look like.
 */

interface Got {
  url: URL
  headers: IncomingHttpHeaders
  body: string
}

let server: Server
let origin: string
let got: Got | null
let answer: { status: number; body: string; headers?: Record<string, string> }

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      got = {
        url: new URL(request.url ?? '', origin),
        headers: request.headers,
        body: Buffer.concat(parts).toString(),
      }
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  got = null
  answer = { status: 200, body: '' }
})
afterAll(() => void server.close())

const SECRET = 'SEC of the robot'
const TELLING = {
  id: 7,
  event: 'run_failed',
  title: 'daily_incremental failed',
  text: 'AuthFailed: <check> the token & the 权限',
  details: { run_id: 'x' },
  occurredAt: '2026-11-20T12:31:00.000Z',
}

async function send(
  format: NotificationFormat,
  path = '/hook?key=1',
  telling: Telling = TELLING,
): Promise<Got> {
  const receiver = { url: new Secret(`${origin}${path}`), format, secret: new Secret(SECRET) }
  await sendNotice(receiver, telling, new AbortController().signal)
  if (!got) throw new Error('nothing came')
  return got
}

// Who speaks stands first: a group hears several, and some robots take only what holds a certain word.
const SAID = `ashare-sync: ${TELLING.title}\n${TELLING.text}`

const sha = (key: string, text: string) => createHmac('sha256', key).update(text).digest('base64')

test('generic: JSON, signed over id, time and body', async () => {
  const { headers, body } = await send('generic')
  expect(JSON.parse(body)).toEqual({
    id: 7,
    event: 'run_failed',
    title: TELLING.title,
    text: TELLING.text,
    details: { run_id: 'x' },
    occurred_at: TELLING.occurredAt,
  })
  const [id, at] = [headers['webhook-id'], headers['webhook-timestamp']] as [string, string]
  expect(id).toBe('ashare-sync-7')
  expect(Math.abs(Number(at) - Date.now() / 1000)).toBeLessThan(60)
  expect(headers['webhook-signature']).toBe(`v1,${sha(SECRET, `${id}.${at}.${body}`)}`)
})

test('feishu: text with the sign in the body', async () => {
  answer.body = '{"code":0,"msg":"success","data":{}}'
  const body = JSON.parse((await send('feishu')).body) as Record<string, unknown>
  expect(body).toMatchObject({ msg_type: 'text', content: { text: SAID } })
  expect(body['sign']).toBe(sha(`${String(body['timestamp'])}\n${SECRET}`, ''))
})

test('dingtalk: text with the sign in the address, beside what stands there', async () => {
  answer.body = '{"errcode":0,"errmsg":"ok"}'
  const { url, body } = await send('dingtalk', '/robot/send?access_token=abc')
  expect(url.searchParams.get('access_token')).toBe('abc')
  const at = url.searchParams.get('timestamp') ?? ''
  expect(url.searchParams.get('sign')).toBe(sha(SECRET, `${at}\n${SECRET}`))
  expect(JSON.parse(body)).toEqual({
    msgtype: 'text',
    text: { content: SAID },
  })
})

test('wecom: text', async () => {
  answer.body = '{"errcode":0,"errmsg":"ok"}'
  const { url, body } = await send('wecom')
  expect(url.search).toBe('?key=1')
  expect(JSON.parse(body)).toEqual({ msgtype: 'text', text: { content: SAID } })
})

test('slack: text that mentions nobody', async () => {
  answer.body = 'ok'
  expect(JSON.parse((await send('slack')).body)).toEqual({
    text: `ashare-sync: ${TELLING.title}\nAuthFailed: &lt;check&gt; the token &amp; the 权限`,
  })
})

// What each service takes: characters of text at Slack, bytes of the text at WeCom, bytes of the body at the others.
const LIMITS = {
  feishu: ({ body }: Got) => [Buffer.byteLength(body), 20_000],
  dingtalk: ({ body }: Got) => [Buffer.byteLength(body), 20_000],
  wecom: ({ body }: Got) => {
    const { text } = JSON.parse(body) as { text: { content: string } }
    return [Buffer.byteLength(text.content), 2_048]
  },
  slack: ({ body }: Got) => [(JSON.parse(body) as { text: string }).text.length, 40_000],
} as const
describe.each(Object.keys(LIMITS) as (keyof typeof LIMITS)[])('%s: a text that is too long', (format) => {
  // Bytes that JSON escapes by six, what Slack escapes by five, three bytes each, and a family of four with its joints.
  test.each(['\u0001', '&', '权', '👨‍👩‍👧‍👦'])('of %j is cut between two characters, and says so', async (one) => {
    answer.body = format === 'slack' ? 'ok' : '{"code":0,"errcode":0}'
    const sent = await send(format, '/hook', { ...TELLING, text: one.repeat(10_000) })
    const [length = Infinity, limit] = LIMITS[format](sent)
    expect(length).toBeLessThanOrEqual(limit ?? 0)
    const text = JSON.stringify(JSON.parse(sent.body))
    expect(text).toContain(TELLING.title)
    const shown = JSON.stringify(format === 'slack' ? one.replace('&', '&amp;') : one).slice(1, -1)
    const [, cut = ''] = /\\n(.*)… \(the rest: GET \/api\/notifications\)/.exec(text) ?? []
    expect(cut.length).toBeGreaterThan(500)
    expect(cut.replaceAll(shown, '')).toBe('')
  })
})

test('a text that just fits is left whole', () => {
  const text = '权'.repeat(100)
  expect(cutText(text, 300)).toBe(text)
  expect(cutText(text, 299)).toBe(`${'权'.repeat(87)}… (the rest: GET /api/notifications)`)
})

const FORMAT_NAMES = Object.keys(FORMATS) as NotificationFormat[]
test.each(FORMAT_NAMES)('%s: JSON without secrets, whatever characters they have', async (format) => {
  answer.body = format === 'slack' ? 'ok' : '{"code":0,"errcode":0}'
  const token = 'a"token\\of mine'
  const { redact } = createRedactor([new Secret(token), new Secret('","')])
  const telling = tellingOf(
    {
      ...{ id: 7, event: 'run_failed', created_at: '2026-11-20T12:31:00Z', attempts: 1 },
      ...{ sent_at: null, given_up_at: null, last_error: null },
      title: `refused ${token}`,
      text: 'postgres://user:word@host/db, "quoted"',
      details: { reason: token, from: 'postgres://', to: 'me@example.org', tries: [1, null] },
    },
    redact,
  )
  const body = JSON.stringify(JSON.parse((await send(format, '/hook', telling)).body))
  expect(body).toContain('refused [redacted]')
  expect(body).toContain('postgres://[redacted]@host/db, \\"quoted\\"')
  for (const part of ['token', 'user:word']) expect(body).not.toContain(part)
  expect(telling.details).toEqual({
    ...{ reason: '[redacted]', from: 'postgres://', to: 'me@example.org', tries: [1, null] },
  })
})

describe('refusals', () => {
  test.each<[NotificationFormat, string]>([
    [
      'feishu',
      '{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}',
    ],
    ['dingtalk', '{"errcode":310000,"errmsg":"sign not match"}'],
    ['wecom', '{"errcode":45009,"errmsg":"api freq out of limit"}'],
    ['slack', 'invalid_payload'],
    ['feishu', '<html>'],
    ['dingtalk', 'null'],
    ['wecom', '"constructor"'],
  ])('%s: 200 with %s', async (format, body) => {
    answer.body = body
    await expect(send(format)).rejects.toThrow(body.slice(0, 20))
  })

  test('another status, with the time that the receiver asks for', async () => {
    answer = { status: 429, body: 'slow down', headers: { 'retry-after': '7' } }
    await expect(send('generic')).rejects.toMatchObject({ message: 'HTTP 429: slow down', afterMs: 7_000 })
  })

  test('a redirect is not followed', async () => {
    answer = { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }
    await expect(send('generic')).rejects.toThrow(/the receiver does not answer/)
  })

  test('nobody listens: the reason names no secret of the address', async () => {
    const receiver = {
      url: new Secret('http://127.0.0.1:1/hook/abcdef'),
      format: 'generic' as const,
      secret: null,
    }
    const sent = sendNotice(receiver, TELLING, new AbortController().signal)
    await expect(sent).rejects.toThrow(/the receiver does not answer/)
    await expect(sent).rejects.not.toThrow(/abcdef/)
  })
})

test.each<[string, NotificationFormat]>([
  ['https://open.feishu.cn/open-apis/bot/v2/hook/x', 'feishu'],
  ['https://open.larksuite.com/open-apis/bot/v2/hook/x', 'feishu'],
  ['https://oapi.dingtalk.com/robot/send?access_token=x', 'dingtalk'],
  ['https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x', 'wecom'],
  ['https://hooks.slack.com/services/x', 'slack'],
  ['https://open.feishu.cn.example.com/', 'generic'],
])('%s speaks %s', (url, format) => {
  expect(formatOf(url)).toBe(format)
  expect(Object.keys(FORMATS)).toContain(format)
})
