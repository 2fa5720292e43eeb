/** Repositories with policies, and the verdicts on their pull requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsTool } from '../../adapters/policy/tools.ts'
import { aStory, checksOn, FAST, gitops, type Story, VS } from '../world.ts'

const CONFIG = `${FAST}policy: { path: policy }\n`

/** The old and the new syntax next to each other. */
const POLICIES = {
  'policy/timeouts.rego':
    'package main\n\ndeny[{"msg": msg, "path": ["spec", "http", i]}] {\n  input.kind == "VirtualService"\n  rule := input.spec.http[i]\n  rule.name != "testers"\n  rule.timeout == "600s"\n  msg := sprintf("rule %v waits too long", [rule.name])\n}\n',
  'policy/steps.rego':
    'package steps\n\nimport rego.v1\n\ndeny contains msg if {\n  data.perch.environment == "production"\n  some rule in input.spec.http\n  some entry in rule.route\n  entry.destination.subset == "canary"\n  entry.weight > 30\n  msg := sprintf("%d is more than 30", [entry.weight])\n}\n',
}

const opa = needsTool('opa')

interface Validated {
  readonly conclusion: string
  readonly summary: string
  readonly annotations: readonly string[]
}

async function validated(story: Story, sha: string): Promise<Validated> {
  return story.until('canary/validate', () => {
    if (!/success|failure|action_required/.test(checksOn(story.repository(), sha).gate)) return undefined
    const run = story
      .repository()
      .checkRuns(sha)
      .find(({ name }) => name === 'canary/validate')
    const annotations = (run?.annotations ?? []).map(
      ({ path, start_line, annotation_level }) => `${annotation_level} ${path}:${start_line}`,
    )
    return { conclusion: run?.conclusion ?? '', summary: run?.summary ?? '', annotations }
  })
}

function withTimeout(text: string): string {
  return text.replace('    - name: main\n', '    - name: main\n      timeout: 600s\n')
}

test(
  'a denial by a policy is red on its line, and after the correction the check is green and names OPA',
  opa,
  async () => {
    const story = await aStory({ files: { ...gitops(CONFIG), ...POLICIES } })
    const alice = story.person('alice')
    const text = story.repository().file(VS) ?? ''
    const bad = withTimeout(text)
    const pull = alice.openPullRequest({ branch: 'wait', title: 'wait', files: { [VS]: bad } })
    const red = await validated(story, pull.head.sha)
    assert.equal(red.conclusion, 'failure')
    assert.match(
      red.summary,
      /⛔ The policy `main\.deny` refuses `VirtualService api-service` in `production`: rule main waits too long\. .* Change it, or the policy on the base branch first\./,
    )
    assert.match(red.summary, /Checked with `opa \d[\d.]*`\./)
    assert.deepEqual(red.annotations, [`failure ${VS}:${bad.split('\n').indexOf('    - name: main') + 1}`])
    assert.equal(checksOn(story.repository(), pull.head.sha).gate, 'failure')
    const head = alice.push('wait', { [VS]: `${text}# no timeout\n` })
    const green = await validated(story, head)
    assert.equal(green.conclusion, 'success', green.summary)
    assert.match(green.summary, /Rendered with `.*`\. Checked with `opa/)
  },
)
