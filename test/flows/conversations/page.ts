import assert from 'node:assert/strict'
import { endViolations } from '../../simulate/laws.ts'
import { assertPage } from '../page.ts'
import { aBuiltWorld, aWorld, type World, type WorldOptions } from '../world.ts'

/** A world whose conversation is recorded. */
export function aTranscribedWorld(options: WorldOptions = {}): Promise<World> {
  return aWorld({ ...options, hasTranscript: true })
}

/** The same with only these files, which kustomize and helm build. */
export function aTranscribedBuiltWorld(files: Readonly<Record<string, string>>): Promise<World> {
  return aBuiltWorld(files, { hasTranscript: true })
}

/** Compares a whole conversation with a page that somebody has read and approved. The laws for a quiet world must hold too. */
export async function assertConversation(world: World, name: string): Promise<void> {
  assertPage(new URL(`pages/${name}.md`, import.meta.url), await world.transcript())
  assert.deepEqual(endViolations({ state: world.state, commands: new Map(world.commands()) }), [])
}
