import assert from 'node:assert/strict'
import { endViolations } from '../../simulate/laws.ts'
import { assertPage } from '../page.ts'
import type { World } from '../world.ts'

/** A whole conversation that somebody has read and agreed to. What must hold when all is quiet, holds too. */
export async function assertConversation(world: World, name: string): Promise<void> {
  assertPage(new URL(`pages/${name}.md`, import.meta.url), await world.transcript())
  assert.deepEqual(endViolations({ state: world.state, commands: new Map(world.commands()) }), [])
}
