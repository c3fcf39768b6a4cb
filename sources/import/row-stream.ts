/** Rows of a file or a query, read lot by lot: only one lot is in memory. */
export interface RowStream {
  /** What it is, for people; never an address with a password. */
  label: string
  columns: readonly string[]
  /**
   * Cells of the wanted columns, in their order, as the format has them: text, numbers, bigints, dates, null.
   *
   * @param wanted places in `columns`
   * @throws ImportRefused where the rest cannot be read
   */
  lots(wanted: readonly number[]): AsyncGenerator<Cells[]>
  close(): Promise<void>
}

export type Cells = readonly unknown[]

/** Rows in one lot: some megabytes. */
export const LOT_ROWS = 10_000
