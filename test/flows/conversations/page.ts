import assert from 'node:assert/strict'
import { endViolations } from '../../simulate/laws.ts'
import { assertPage } from '../page.ts'
import { aBuiltWorld, aWorld, type World, type WorldOptions } from '../world.ts'

/** A world whose conversation is written down. */
export function aTranscribedWorld(options: WorldOptions = {}): Promise<World> {
  return aWorld({ ...options, hasTranscript: true })
}

/** The same, of these files alone, which kustomize and helm build. */
export function aTranscribedBuiltWorld(files: Readonly<Record<string, string>>): Promise<World> {
  return aBuiltWorld(files, { hasTranscript: true })
}

/** A whole conversation that somebody has read and agreed to. What must hold when all is quiet, holds too. */
export async function assertConversation(world: World, name: string): Promise<void> {
  assertPage(new URL(`pages/${name}.md`, import.meta.url), await world.transcript())
  assert.deepEqual(endViolations({ state: world.state, commands: new Map(world.commands()) }), [])
}
