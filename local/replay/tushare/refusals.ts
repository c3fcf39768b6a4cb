/** An answer other than rows. All of them come with HTTP status 200, as upstream does it. */
export interface Refusal {
  readonly code: number
  readonly msg: string
  readonly outcome: 'bad_token' | 'rate_limited' | 'no_permission' | 'bad_request' | 'unknown_api'
}

/** Which years' server is played: texts differ, and only the newer one says `has_more`. */
export type Generation = 'classic' | '2026'

export type LimitSpan = 'minute' | 'hour' | 'day'

const DETAILS = 'https://tushare.pro/document/1?doc_id=108'

export const BAD_TOKEN: Refusal = { code: 40101, msg: '您的token不对，请确认。', outcome: 'bad_token' }
export const NO_TOKEN: Refusal = { code: 40101, msg: '您上传Token！', outcome: 'bad_token' }
export const BAD_JSON: Refusal = { code: 40101, msg: '不是合格的json格式，EOF', outcome: 'bad_request' }
export const BAD_FIELDS: Refusal = { code: 40101, msg: 'fields 列表类型', outcome: 'bad_request' }
export const UNKNOWN_API: Refusal = { code: 40101, msg: '请指定正确的接口名', outcome: 'unknown_api' }
export const BAD_QUERY: Refusal = {
  code: 50101,
  msg: '查询数据失败，请确认参数！可以反馈管理员协助您排查问题',
  outcome: 'bad_request',
}

export const missingParameter = (names: string): Refusal => ({
  code: 50101,
  msg: `必填参数, ${names}`,
  outcome: 'bad_request',
})

/** Too many source addresses for one token. */
export const tooManyAddresses = (most: number): Refusal => ({
  code: 40204,
  msg: `您的IP数量超限，最大数量为${most}个！`,
  outcome: 'rate_limited',
})

export const noPermission = (api: string, generation: Generation): Refusal => ({
  code: 40203,
  msg:
    generation === 'classic'
      ? `抱歉，您没有访问该接口的权限，权限的具体详情访问：${DETAILS}。`
      : `抱歉，您没有接口(${api})访问权限，权限的具体详情访问：${DETAILS}。`,
  outcome: 'no_permission',
})

const SPAN_NAMES = { minute: '分钟', hour: '小时', day: '天' } as const

/** Too many calls. The wording of 2026 is attested for minutes only; hours and days keep the classic one. */
export const tooManyCalls = (
  api: string,
  limit: number,
  span: LimitSpan,
  generation: Generation,
): Refusal => ({
  code: 40203,
  msg:
    generation === '2026' && span === 'minute'
      ? `抱歉，您访问接口(${api})频率超限(${limit}次/分钟)，具体频次详情：${DETAILS}。`
      : `抱歉，您每${SPAN_NAMES[span]}最多访问该接口${limit}次，权限的具体详情访问：${DETAILS}。`,
  outcome: 'rate_limited',
})
