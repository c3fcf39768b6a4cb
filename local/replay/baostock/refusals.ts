import type { Fault, FaultKind } from '../faults.ts'

/** An answer other than rows: a message of type 04. */
export interface Refusal {
  readonly code: string
  readonly text: string
  readonly outcome: string
}

const refusal = (code: string, text: string, outcome = 'bad_request'): Refusal => ({ code, text, outcome })

// Texts of 10004006 and 10004020 are captured, others are those of the client's list or as users report them.
export const NOT_LOGGED_IN = refusal('10001001', '用户未登录', 'not_logged_in')
export const BAD_PASSWORD = refusal('10001002', '用户名或密码错误', 'bad_token')
export const VERSION_EXPIRED = refusal('10001004', '客户端版本号过期', 'version_expired')
export const TOO_MANY_LOGINS = refusal('10001005', '账号登陆数达到上限', 'too_many_logins')
export const NO_PERMISSION = refusal('10001006', '用户权限不足', 'no_permission')
export const QUOTA_EXCEEDED = refusal('10001007', '需要登录激活', 'rate_limited')
export const EMPTY_USER = refusal('10001008', '用户名为空', 'bad_token')
export const EMPTY_PASSWORD = refusal('10001009', '密码为空', 'bad_token')
export const BLACK_LISTED = refusal('10001011', '黑名单用户，请与管理员联系', 'black_list')
export const BAD_API_KEY = refusal('10001012', 'APIKey格式不正确', 'bad_token')
export const EMPTY_PARAMETER = refusal('10004005', '传入参数为空')
export const WRONG_PARAMETER_COUNT = refusal('10004006', '请求参数个数不正确')
export const BAD_PARAMETER = refusal('10004006', '参数错误')
export const BAD_START_DATE = refusal('10004007', '起始日期格式不正确')
export const BAD_END_DATE = refusal('10004008', '截止日期格式不正确')
export const START_AFTER_END = refusal('10004009', '起始日期大于终止日期')
export const BAD_DATE = refusal('10004010', '日期格式不正确')
export const BAD_CODE = refusal('10004011', '无效的证券代码')
export const REPEATED_FIELD = refusal('10004018', '指标重复')
export const BAD_MESSAGE = refusal('10004019', '消息格式不正确', 'bad_message')
export const UNKNOWN_TYPE = refusal('10004020', '错误的消息类型', 'unknown_api')
export const SYSTEM_ERROR = refusal('10005001', '系统级别错误', 'system_error')

/** A field that the frequency does not have; `frequency` as the text names it, e.g. `日线`. */
export const badField = (frequency: string, field: string): Refusal =>
  refusal('10004012', `${frequency}指标参数传入错误:${field}`)

const BY_FAULT: Partial<Readonly<Record<FaultKind, Refusal>>> = {
  not_logged_in: NOT_LOGGED_IN,
  idle_logout: NOT_LOGGED_IN,
  bad_token: BAD_PASSWORD,
  version_expired: VERSION_EXPIRED,
  too_many_logins: TOO_MANY_LOGINS,
  no_permission: NO_PERMISSION,
  rate_limited: QUOTA_EXCEEDED,
  black_list: BLACK_LISTED,
  system_error: SYSTEM_ERROR,
}

/** The refusal that a fault asks for, if it is that sort of fault. */
export const refusalOf = (fault: Fault): Refusal | undefined => {
  const found = BY_FAULT[fault.kind]
  return found === undefined ? undefined : { ...found, outcome: `fault:${fault.kind}` }
}
