import { statfs } from 'node:fs/promises'
import { join } from 'node:path'

const MIB = 1024 * 1024
// PostgreSQL's log grows by 16 MiB at a time, and what is sorted on disk by about as much.
const FULL = 64 * MIB
const ROOM = 2 * FULL
const LOOK_MS = 5_000

interface Watching {
  everyMs?: number
  /** Bytes that are free. */
  freeBytes?: () => Promise<number>
}

/**
 * Says when the disk of a data folder is full, and when there is room again. Work is tried again and again meanwhile, and
 * only stands still for whoever watches it.
 */
export function watchDisk(
  dataDir: string,
  log: (line: string) => void,
  { everyMs = LOOK_MS, freeBytes = () => freeOf(dataDir) }: Watching = {},
): { close: () => void } {
  let isFull = false
  const look = async (): Promise<void> => {
    const free = await freeBytes()
    if (!isFull && free < FULL)
      log(
        `the disk of ${dataDir} is full, ${Math.floor(free / MIB)} MiB are free: make room, 1 GiB or more. Work stands still until then; nothing that was committed is lost`,
      )
    if (isFull && free > ROOM) log(`there is room again on the disk of ${dataDir}: work goes on by itself`)
    isFull = isFull ? free <= ROOM : free < FULL
  }
  const timer = setInterval(() => void look().catch(() => undefined), everyMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}

async function freeOf(dataDir: string): Promise<number> {
  // The tables may lie elsewhere, behind a link.
  const folder = await statfs(join(dataDir, 'postgres')).catch(() => statfs(dataDir))
  return folder.bavail * folder.bsize
}
