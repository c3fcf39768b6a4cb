import { PythonKeyError } from './python-error.ts'

/** An answer as it goes on the wire, with what the journal wants to know. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: Buffer
  readonly rows: number
  readonly outcome: string
  readonly headers?: Readonly<Record<string, string>>
}

const HOME = 'https://akshare.akfamily.xyz'
const UPGRADE = `请升级 AKShare 到最新版本并在文档中确认该接口的使用方式：${HOME}`

export const jsonReply = (status: number, body: string, outcome: string, rows = 0): Reply => ({
  status,
  type: 'application/json',
  body: Buffer.from(body),
  rows,
  outcome,
})

const errorReply = (error: string, outcome: string): Reply =>
  jsonReply(404, JSON.stringify({ error }), outcome)

export const UNKNOWN_FUNCTION = errorReply(`未找到该接口，${UPGRADE}`, 'unknown_function')
export const NO_FRAME = errorReply(`该接口返回数据为空，请确认参数是否正确：${HOME}`, 'no_frame')

/** Whatever goes wrong inside; the connection is closed after it. */
export const siteError = (outcome: string): Reply => ({
  status: 500,
  type: 'text/plain; charset=utf-8',
  body: Buffer.from('Internal Server Error'),
  rows: 0,
  outcome,
})

/** What AKTools makes of an exception. */
export const replyTo = (error: unknown, outcome: string): Reply =>
  error instanceof PythonKeyError
    ? errorReply(`请输入正确的参数错误 ${error.shown}，${UPGRADE}`, 'key_error')
    : siteError(outcome)
