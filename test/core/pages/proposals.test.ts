/** What `perch init` proposes for the repositories of test/repositories, and what `perch status` says about them. */
import assert from 'node:assert/strict'
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../src/core/config/read.ts'
import { statusText } from '../../../src/core/message/command-line/terminal.ts'
import { initWords, proposedConfig } from '../../../src/core/message/onboarding/proposed-config.ts'
import { readSnapshot, type Snapshot } from '../../../src/core/rollout/snapshot.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { assertPage } from './page.ts'

const ROOT = join(import.meta.dirname, '../../repositories')

function snapshotOf(name: string, hasConfig: boolean): Snapshot {
  const files = globSync('**/*.*', { cwd: join(ROOT, name) }).sort()
  const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, name, file), 'utf8')]))
  const config = readConfig(hasConfig ? texts.get('canary.yml') : undefined)
  assert.ok(config.ok)
  const entries = files.map((path) => ({ path, type: 'file' as const }))
  const repository = { name: 'gitops', defaultBranch: 'main' }
  return readSnapshot({ entries, texts, config: config.value, repository }).snapshot
}

test('what a newcomer gets as a first config, and the state of all rollouts, is on a page that somebody has approved', () => {
  const sections: Record<string, readonly string[]> = {}
  for (const name of readdirSync(ROOT).sort()) {
    const bare = snapshotOf(name, false)
    const written = { hasEnvironments: true, hasServices: true }
    const words = initWords({ text: '', snapshot: bare, written }, { isDry: false })
    sections[`${name}: a config`] = [`\`\`\`yaml\n${proposedConfig(bare, written)}\`\`\``, words.trimEnd()]
    for (const [title, { targets }] of [
      ['without a config', bare],
      ['with its config', snapshotOf(name, true)],
    ] as const)
      sections[`${name}: the state ${title}`] = [`\`\`\`text\n${statusText(targets.map(standingOf))}\`\`\``]
  }
  const snapshot = snapshotOf('several', false)
  const written = { hasEnvironments: false, hasServices: false }
  const inComments = proposedConfig(snapshot, written)
  const shown = initWords({ text: inComments, snapshot, written }, { isDry: true })
  sections['several: a config with everything in comments, with --dry-run'] = [`\`\`\`text\n${shown}\`\`\``]
  assertPage('proposals.md', sections)
})
