import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { classifyAnswer, classifyStatus } from '../../../sources/tushare/classify.ts'
import { recordedData } from '../../replay-upstream/client.ts'

const DETAILS = '权限的具体详情访问：https://tushare.pro/document/1?doc_id=108。'

test.each([
  [40203, `抱歉，您每分钟最多访问该接口500次，${DETAILS}`, 'minute', 500],
  [40203, `抱歉，您每分钟最多访问该接口2次，${DETAILS}`, 'minute', 2],
  [
    40203,
    '抱歉，您访问接口(daily)频率超限(500次/分钟)，具体频次详情：https://tushare.pro/document/1?doc_id=108。',
    'minute',
    500,
  ],
  [40203, '抱歉，您访问接口(stock_basic)频率超限(1次/小时)，具体频次详情：…', 'hour', 1],
  [40203, '抱歉，您访问接口(namechange)频率超限(5次/天)，具体频次详情：…', 'day', 5],
  [40203, `抱歉，您每小时最多访问该接口1次，${DETAILS}`, 'hour', 1],
  [40203, `抱歉，您每天最多访问该接口20000次，${DETAILS}`, 'day', 20_000],
  [40203, '抱歉，您每天最多访问该接口2次', 'day', 2],
  [40203, '抱歉，您访问接口频率超限', 'minute', null],
  [40203, '抱歉，您每分钟最多访问该接口0次', 'minute', null],
  [40203, '抱歉，您每分钟最多访问该接口99999999999999999999次', 'minute', null],
] as const)('%i %s: slow down', (code, message, window, calls) => {
  expect(classifyAnswer(code, message)).toEqual({ errorClass: 'RateLimited', limit: { window, calls } })
})

test('a long refusal is no work', () => {
  const message = `频率超限${' '.repeat(100_000)}${'频率超限'.repeat(100_000)}`
  expect(classifyAnswer(40203, message).errorClass).toBe('RateLimited')
})

test.each([
  [40203, `抱歉，您没有访问该接口的权限，${DETAILS}`],
  [40203, `抱歉，您没有接口(income_vip)访问权限，${DETAILS}`],
  [40203, `抱歉，您没有接口访问权限，${DETAILS}`],
  [40203, '抱歉，您的积分不足'],
  [2002, '(the only code that the documentation names)'],
  [-2002, `抱歉，您没有权限访问该接口，${DETAILS}`],
])('%i %s: never allowed', (code, message) => {
  expect(classifyAnswer(code, message)).toEqual({ errorClass: 'PermissionDenied' })
})

test.each([
  [40101, '您的token不对，请确认。', 'AuthFailed'],
  [40101, '您上传Token！', 'AuthFailed'],
  [0, '抱歉，您输入的TOKEN无效！', 'AuthFailed'],
  [40204, '您的IP数量超限，最大数量为2个！', 'Banned'],
  [40204, 'any other words', 'Banned'],
  [50101, '必填参数, ts_code', 'BadRequest'],
  [40101, '请指定正确的接口名', 'BadRequest'],
  [40101, '不是合格的json格式，EOF', 'BadRequest'],
  [40101, 'fields 列表类型', 'BadRequest'],
  [-2001, '抱歉，没有pro_bar接口', 'BadRequest'],
  [99999, 'words that nobody has seen yet', 'BadRequest'],
  [50101, '查询数据失败，请确认参数！可以反馈管理员协助您排查问题', 'Transient'],
  [50101, "查询数据失败，请确认参数！(1054, \"Unknown column 'x' in 'field list'\")", 'Transient'],
] as const)('%i %s: %s', (code, message, errorClass) => {
  expect(classifyAnswer(code, message)).toEqual({ errorClass })
})

test.each([
  [400, 'Transient'],
  [401, 'AuthFailed'],
  [403, 'Banned'],
  [404, 'Transient'],
  [408, 'Transient'],
  [413, 'Transient'],
  [429, 'Transient'],
  [500, 'Transient'],
  [502, 'Transient'],
  [504, 'Transient'],
  [302, 'Transient'],
  [204, 'Transient'],
] as const)('HTTP %i: %s', (status, errorClass) => {
  expect(classifyStatus(status)).toBe(errorClass)
})

interface RecordedError {
  system: string
  code: number | null
  message: string
  evidence: string
}

const file = `${recordedData() ?? '/nowhere'}/raw/provider_errors.json`
const recorded = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as RecordedError[]).filter(
      (each) => each.system === 'tushare' && each.evidence !== 'none',
    )
  : []

/** What each recorded text means, by what it says. */
const MEANING: readonly [RegExp, string][] = [
  [/最多访问|频率超限/, 'RateLimited'],
  [/IP数量/, 'Banned'],
  [/接口名|json|列表类型|没有pro_bar/, 'BadRequest'],
  [/[Tt]oken/, 'AuthFailed'],
  [/权限|permission/, 'PermissionDenied'],
]

describe.skipIf(recorded.length === 0)(
  recorded.length > 0
    ? 'refusals that the live server gave'
    : `no recorded refusals in ${file} (RECORDED_DATA)`,
  () => {
    test.each(recorded.map((each) => [each.code ?? 40203, each.message] as const))(
      '%i %s',
      (code, message) => {
        const meant = MEANING.find(([pattern]) => pattern.test(message))?.[1]
        expect(classifyAnswer(code, message).errorClass).toBe(meant)
      },
    )
  },
)
