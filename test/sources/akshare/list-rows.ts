import type { Row } from '../../../sources/akshare/values.ts'

/* One row of each list, with all columns of AKShare 1.19.5. */

export const day = (text: string): string => `${text}T00:00:00.000`

export const SH: Row = {
  证券代码: '600000',
  证券简称: '浦发银行',
  证券全称: '浦发银行',
  公司简称: '浦发银行',
  公司全称: '上海浦东发展银行股份有限公司',
  上市日期: day('1999-11-10'),
}
export const SZ: Row = {
  板块: '主板',
  A股代码: '000001',
  A股简称: '平安银行',
  A股上市日期: '1991-04-03',
  A股总股本: '19,405,918,198',
  A股流通股本: '19,405,513,424',
  所属行业: 'J 金融业',
}
export const BJ: Row = {
  证券代码: '920017',
  证券简称: '星昊医药',
  总股本: 122577200,
  流通股本: 71_000_000.0,
  上市日期: day('2023-05-31'),
  所属行业: '医药制造业',
  地区: '北京市',
  报告日期: day('2026-11-20'),
}
export const SH_GONE: Row = {
  公司代码: '600001',
  公司简称: '邯郸钢铁',
  上市日期: day('1998-01-22'),
  暂停上市日期: day('2009-12-29'),
}
export const SZ_GONE: Row = {
  证券代码: '000003',
  证券简称: 'PT金田Ａ',
  上市日期: day('1991-01-14'),
  终止上市日期: day('2002-06-14'),
}
