import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Compares with a page that somebody has read and approved. `PERCH_WRITE_PAGES=1 node test/run.ts flows/` writes it again. */
export function assertPage(place: URL, now: string): void {
  if (process.env['PERCH_WRITE_PAGES'] === '1') writeFileSync(place, now)
  const kept = existsSync(place) ? readFileSync(place, 'utf8') : ''
  const [was, is] = [kept.split('\n'), now.split('\n')]
  const line = is.findIndex((one, index) => one !== was[index])
  const first = `line ${line + 1} is\n${is[line] ?? ''}\nand not\n${was[line] ?? ''}`
  assert.ok(now === kept, `${place.pathname.split('/').at(-1)}: ${first}\nPERCH_WRITE_PAGES=1 writes it anew.`)
}
