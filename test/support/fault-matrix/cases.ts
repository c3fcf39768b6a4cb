import type { AktoolsFault } from '../../../local/replay/aktools/faults.ts'
import type { Fault } from '../../../local/replay/faults.ts'
import {
  ALIKE,
  copes,
  fails,
  type FaultCase,
  HANGS,
  lacks,
  MISSING,
  OUT_OF_ORDER,
  WRONG_UNIT,
} from './case.ts'

/*
 * The faults and what has to follow from each of them, as data. All of them last for the whole run. They are set on the
 * interface of daily bars alone, unless a case is about the connection or the account.
 */

const daily = (fault: Omit<Fault, 'api'>): Fault[] => [{ ...fault, api: 'daily' }]

function tushareCases(): FaultCase[] {
  const [coping, failing, lacking] = [copes('tushare'), fails('tushare'), lacks('tushare')]
  return [
    coping('slow', daily({ kind: 'latency', ms: 60 })),
    coping('rows twice', daily({ kind: 'duplicates' })),
    failing('reset', daily({ kind: 'reset' }), 'Transient', /the connection failed \(ECONNRESET\)/),
    failing('HTTP 502', daily({ kind: 'http_status', status: 502 }), 'Transient', /HTTP 502: /),
    failing(
      'a web page',
      daily({ kind: 'html' }),
      'Transient',
      /the answer is not JSON: <!DOCTYPE html>/,
      ALIKE,
    ),
    failing('half an answer', daily({ kind: 'truncated' }), 'Transient', /the answer is not JSON: \{/, ALIKE),
    failing('hang', daily({ kind: 'hang' }), 'Transient', /no answer within \d+ ms/, HANGS),
    failing(
      'limit of a day',
      daily({ kind: 'rate_limited', span: 'day', limit: 5 }),
      'RateLimited',
      /40203 抱歉，您每天最多访问该接口5次/,
      { all: 'waits' },
    ),
    failing('no permission', daily({ kind: 'no_permission' }), 'PermissionDenied', /40203 .*访问权限/),
    failing('bad token', daily({ kind: 'bad_token' }), 'AuthFailed', /40101 您的token不对/),
    failing('too many addresses', daily({ kind: 'too_many_addresses' }), 'Banned', /40204 您的IP数量超限/),
    failing('no row', daily({ kind: 'empty' }), 'NotPublished', /no row for the whole market/, {
      scope: 'market',
    }),
    lacking('no row of these', daily({ kind: 'empty' }), MISSING, 'none'),
    lacking('half the rows', daily({ kind: 'half_day' }), MISSING, 'none'),
    failing(
      'column missing',
      daily({ kind: 'missing_column', column: 'close' }),
      'SchemaDrift',
      /the answer lacks close/,
    ),
    failing(
      'column renamed',
      daily({ kind: 'renamed_column' }),
      'SchemaDrift',
      /the answer lacks amount/,
      ALIKE,
    ),
    lacking('wrong unit', daily({ kind: 'wrong_unit' }), WRONG_UNIT, 'all'),
    lacking('bad row', daily({ kind: 'bad_row' }), OUT_OF_ORDER, 'some'),
  ]
}

const lines = (fault: Omit<Fault, 'api'>): Fault[] => [{ ...fault, api: 'query_history_k_data_plus' }]
// Whether a connection is open from before or not, the next thing that the server sees is a login.
const atLogin = (fault: Fault): Fault[] => [{ kind: 'reset', count: 1 }, fault]

function baostockCases(): FaultCase[] {
  const [coping, failing, lacking] = [copes('baostock'), fails('baostock'), lacks('baostock')]
  return [
    coping('slow', lines({ kind: 'latency', ms: 30 })),
    coping('rows twice', lines({ kind: 'duplicates' })),
    coping('in small pieces', lines({ kind: 'split', bytes: 100 }), ALIKE),
    coping('logged out once', lines({ kind: 'idle_logout', nth: 2 })),
    failing('reset', lines({ kind: 'reset' }), 'Transient', /the connection failed \(ECONNRESET\)/),
    failing(
      'end in the middle',
      lines({ kind: 'fin' }),
      'Transient',
      /the server closed the connection/,
      ALIKE,
    ),
    failing(
      'hang',
      lines({ kind: 'hang' }),
      'Transient',
      /no (whole )?answer within \d+ ms|the answer stopped/,
      HANGS,
    ),
    failing(
      'half an answer',
      lines({ kind: 'truncated' }),
      'Transient',
      /no (whole )?answer within \d+ ms|the answer stopped/,
      { ...ALIKE, isSilent: true },
    ),
    failing('wrong checksum', [{ kind: 'wrong_crc' }], 'Transient', /the checksum of a message is wrong/),
    failing('garbage', lines({ kind: 'garbage' }), 'Transient', /no header where one should be/, ALIKE),
    failing('broken zlib', lines({ kind: 'bad_zlib' }), 'Transient', /message cannot be inflated/, ALIKE),
    failing('never logged in', lines({ kind: 'not_logged_in' }), 'Transient', /10001001 用户未登录/, ALIKE),
    failing('system error', lines({ kind: 'system_error' }), 'Transient', /10005001 系统级别错误/, ALIKE),
    failing('quota', lines({ kind: 'rate_limited' }), 'RateLimited', /10001007 需要登录激活/, {
      all: 'waits',
    }),
    failing('black list', [{ kind: 'black_list' }], 'Banned', /10001011 黑名单用户/),
    failing(
      'too many logins',
      atLogin({ kind: 'too_many_logins' }),
      'SourceDown',
      /10001005 账号登陆数达到上限/,
    ),
    failing('bad password', atLogin({ kind: 'bad_token' }), 'AuthFailed', /10001002 用户名或密码错误/),
    lacking('no row', lines({ kind: 'empty' }), MISSING, 'none'),
    failing(
      'column missing',
      lines({ kind: 'missing_column', column: 'close' }),
      'SchemaDrift',
      /the answer lacks close/,
    ),
    lacking('wrong unit', lines({ kind: 'wrong_unit' }), WRONG_UNIT, 'all'),
    lacking('bad row', lines({ kind: 'bad_row' }), OUT_OF_ORDER, 'some'),
  ]
}

const hist = (fault: Omit<AktoolsFault, 'api'>): AktoolsFault[] => [{ ...fault, api: 'stock_zh_a_hist' }]
const snapshot = (fault: Omit<AktoolsFault, 'api'>): AktoolsFault[] => [
  { ...fault, api: 'stock_zh_a_spot_em' },
]
const AN_HOUR_MS = 3_600_000

function akshareCases(): FaultCase[] {
  const [coping, failing, lacking] = [copes('akshare'), fails('akshare'), lacks('akshare')]
  return [
    coping('slow', hist({ kind: 'latency', ms: 30 })),
    coping('rows twice', hist({ kind: 'duplicates' })),
    failing('ban', hist({ kind: 'ban', calls: 0, ms: AN_HOUR_MS }), 'SourceDown', /HTTP 500: AKShare failed/),
    failing('reset', hist({ kind: 'reset' }), 'Transient', /the connection to AKTools failed \(ECONNRESET\)/),
    failing('hang', hist({ kind: 'hang' }), 'Transient', /no answer from AKTools within \d+ ms/, HANGS),
    failing('HTTP 502', hist({ kind: 'http_status', status: 502 }), 'Transient', /HTTP 502: /, ALIKE),
    failing('HTTP 401', hist({ kind: 'http_status', status: 401 }), 'AuthFailed', /asks for a login/),
    failing(
      'unknown path',
      hist({ kind: 'http_status', status: 404 }),
      'BadRequest',
      /HTTP 404: AKTOOLS_URL/,
    ),
    failing('a web page', hist({ kind: 'html' }), 'SchemaDrift', /the answer is not JSON/, ALIKE),
    failing('half an answer', hist({ kind: 'truncated' }), 'SchemaDrift', /the answer is not JSON/, ALIKE),
    failing('no row', hist({ kind: 'empty' }), 'Transient', /empty answer: unknown code, block/),
    failing('KeyError', hist({ kind: 'error404' }), 'SchemaDrift', /AKShare misses 'data'/),
    failing('column missing', hist({ kind: 'missing_column' }), 'SchemaDrift', /the answer lacks 成交额/),
    failing(
      'column renamed',
      hist({ kind: 'renamed_column' }),
      'SchemaDrift',
      /lacks 成交额; instead it has turnover_value/,
    ),
    failing('wrong unit', hist({ kind: 'wrong_unit' }), 'SchemaDrift', /rows cannot be true: .*wrong unit/),
    lacking('half the rows', hist({ kind: 'half_day' }), MISSING, 'none'),
    lacking('bad row', hist({ kind: 'bad_row' }), OUT_OF_ORDER, 'some'),
    failing('half the market', snapshot({ kind: 'half_day' }), 'SchemaDrift', /only \d+ stocks/, {
      scope: 'market',
    }),
    failing("yesterday's market", snapshot({ kind: 'stale' }), 'Transient', /the snapshot is not of/, {
      scope: 'market',
    }),
  ]
}

export const FAULT_CASES: readonly FaultCase[] = [...tushareCases(), ...baostockCases(), ...akshareCases()]
