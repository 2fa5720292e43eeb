import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { endViolations } from '../../simulate/laws.ts'
import type { World } from '../world.ts'

/**
 * A whole conversation that somebody has read and agreed to: `PERCH_WRITE_PAGES=1 node test/run.ts flows/conversations` writes it
 * anew. What must hold when all is quiet, holds too.
 */
export function assertConversation(world: World, name: string): void {
  const place = new URL(`pages/${name}.md`, import.meta.url)
  const now = world.transcript()
  if (process.env['PERCH_WRITE_PAGES'] === '1') writeFileSync(place, now)
  const kept = existsSync(place) ? readFileSync(place, 'utf8') : ''
  const [was, is] = [kept.split('\n'), now.split('\n')]
  const line = is.findIndex((one, index) => one !== was[index])
  const first = `line ${line + 1} is\n${is[line] ?? ''}\nand not\n${was[line] ?? ''}`
  assert.ok(now === kept, `pages/${name}.md: ${first}\nPERCH_WRITE_PAGES=1 writes it anew.`)
  assert.deepEqual(endViolations({ state: world.state, commands: new Map(world.commands()) }), [])
}
