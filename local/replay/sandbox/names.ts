/** Hanzi with their pinyin initials, as cnspell gives them. */
const STEMS = (
  '华H 东D 中Z 金J 安A 泰T 海H 天T 新X 南N 北B 西X 国G 联L 通T 方F 科K 光G 宝B 龙L 山S 江J 河H 云Y ' +
  '星X 达D 丰F 和H 康K 信X 正Z 德D 嘉J 瑞R 恒H 兴X 盛S 元Y 宏H 万W 利L 长C 远Y 力L 润R 源Y 诚C 美M'
).split(' ')
const AREAS =
  '北京 上海 广东 深圳 浙江 江苏 山东 四川 福建 湖北 湖南 安徽 河南 辽宁 陕西 重庆 天津 江西'.split(' ')
const INDUSTRIES =
  '银行 软件服务 半导体 化学制药 中成药 电气设备 汽车配件 专用机械 食品 白酒 化工原料 小金属 通信设备 环境保护 区域地产 家用电器 证券 建筑工程'.split(
    ' ',
  )

/** Every company here is called 沙盒 (sandbox), so that no row of it passes for a real one. */
const SUFFIX = { name: '沙盒', spell: 'SH' }

/** A company's invented identity; `number` is unique per name. */
export interface Company {
  readonly stem: string
  readonly name: string
  readonly cnspell: string
  readonly area: string
  readonly industry: string
  readonly fullname: string
  readonly enname: string
}

const pick = (list: readonly string[], number: number): string => list[number % list.length] ?? ''

/** The company with this number; numbers below 48 x 47 have names of their own. */
export const company = (number: number): Company => {
  const first = number % STEMS.length
  const step = 1 + (Math.floor(number / STEMS.length) % (STEMS.length - 1))
  const a = pick(STEMS, first)
  const b = pick(STEMS, first + step)
  const round = Math.floor(number / (STEMS.length * (STEMS.length - 1)))
  const third = round === 0 ? '' : pick(STEMS, round - 1)
  const stem = `${a.charAt(0)}${b.charAt(0)}${third.charAt(0)}`
  return {
    stem,
    name: stem + SUFFIX.name,
    cnspell: a.charAt(1) + b.charAt(1) + third.charAt(1) + SUFFIX.spell,
    area: pick(AREAS, number * 7),
    industry: pick(INDUSTRIES, number * 5),
    fullname: `${stem}沙盒股份有限公司`,
    enname: `Sandbox Company No. ${number} Co., Ltd.`,
  }
}
