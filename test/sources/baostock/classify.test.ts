import { expect, test } from 'vitest'
import { isApiKey } from '../../../sources/baostock/api-key.ts'
import { classifyCode } from '../../../sources/baostock/classify.ts'

test.each([
  ['10001001', '用户未登录', 'Transient'],
  ['10001002', '用户名或密码错误', 'AuthFailed'],
  ['10001003', '获取用户信息失败', 'SourceDown'],
  ['10001004', '客户端版本号过期', 'SourceDown'],
  ['10001005', '账号登陆数达到上限', 'SourceDown'],
  ['10001006', '用户权限不足', 'PermissionDenied'],
  ['10001008', '用户名为空', 'AuthFailed'],
  ['10001009', '密码为空', 'AuthFailed'],
  ['10001010', '用户登出失败', 'Transient'],
  ['10001011', '黑名单用户，请与管理员联系', 'Banned'],
  ['10001012', 'API key', 'AuthFailed'],
  ['10002001', '网络错误', 'Transient'],
  ['10002007', '网络接收错误', 'Transient'],
  ['10002008', '网络接收超时', 'Transient'],
  ['10004001', '解析数据错误', 'Transient'],
  ['10004002', 'gzip解压失败', 'Transient'],
  ['10004003', '客户端未知错误', 'Transient'],
  ['10004004', '数组越界', 'BadRequest'],
  ['10004005', '传入参数为空', 'BadRequest'],
  ['10004006', '请求参数个数不正确', 'BadRequest'],
  ['10004009', '起始日期大于终止日期', 'BadRequest'],
  ['10004011', '无效的证券代码', 'BadRequest'],
  ['10004012', '日线指标参数传入错误:ma5', 'BadRequest'],
  ['10004016', '交易条数超过上限', 'BadRequest'],
  ['10004018', '指标重复', 'BadRequest'],
  ['10004019', '消息格式不正确', 'BadRequest'],
  ['10004020', '错误的消息类型', 'BadRequest'],
  ['10005001', '系统级别错误', 'Transient'],
  ['10005099', 'a system error that nobody has seen yet', 'Transient'],
  ['99999999', 'words that nobody has seen yet', 'BadRequest'],
  ['10001099', '您的IP已被列入黑名单', 'Banned'],
] as const)('%s %s: %s', (code, message, errorClass) => {
  expect(classifyCode(code, message)).toEqual({ errorClass })
})

test('an exceeded quota is a limit of the day', () => {
  expect(classifyCode('10001007', '需要登录激活')).toEqual({
    errorClass: 'RateLimited',
    limit: { window: 'day', calls: null },
  })
})

test.each([
  // The sum of 29 times 0 is 0; one A among them makes it 10, a Z and a z 35 and 61, which is 96 or 34 past 62.
  [`bs-${'0'.repeat(29)}0`, true],
  [`bs-${'0'.repeat(28)}AA`, true],
  [`bs-Zz${'0'.repeat(27)}Y`, true],
  [`bs-Zz${'0'.repeat(27)}Z`, false],
  [`bs-${'0'.repeat(28)}0`, false],
  [`bs-${'0'.repeat(31)}`, false],
  [`xx-${'0'.repeat(30)}`, false],
  [`bs-${'0'.repeat(28)}-0`, false],
  ['', false],
])('%s is an API key: %s', (key, valid) => {
  expect(isApiKey(key)).toBe(valid)
})
