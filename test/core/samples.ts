import assert from 'node:assert/strict'
import { Config } from '../../src/core/config/schema.ts'
import type { RolloutRise } from '../../src/core/exposure/canaries.ts'
import type { PullRequest } from '../../src/core/rollout/facts.ts'
import { readSnapshot, type Snapshot } from '../../src/core/rollout/snapshot.ts'
import type { Target } from '../../src/core/rollout/target.ts'

/** A VirtualService in the style of platform teams: comments, a header match, annotations with their own prefix. */
export function virtualService(
  stable: number,
  canary: number,
  notes: Readonly<Record<string, string>> = { 'canary-percentage': String(canary) },
): string {
  const annotations = Object.entries(notes).map(([key, value]) => `    gitops.example.com/${key}: "${value}"\n`)
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api-service
${annotations.length === 0 ? '' : `  annotations:\n${annotations.join('')}`}spec:
  hosts: [api-service]
  http:
    - name: testers   # always the canary
      match:
        - headers: {x-canary: {exact: "true"}}
      route:
        - destination: {host: api-service, subset: canary}
    - name: main
      route:
        - destination:
            host: api-service
            subset: stable
          weight: ${stable}   # keep this comment
        - destination:
            host: api-service
            subset: canary
          weight: ${canary}
`
}

export function destinationRule(stable: string, canary: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: api-service
spec:
  host: api-service
  subsets:
    - name: stable
      labels: {version: ${stable}}
    - name: canary
      labels:
        version: ${canary} # the new one
`
}

/** The only rollout target of a repository with these files. */
export function targetOf(files: Readonly<Record<string, string>>, config: unknown = {}): Target {
  const [target] = targetsOf(files, config)
  assert.ok(target !== undefined, 'no target found')
  return target
}

export function targetsOf(files: Readonly<Record<string, string>>, config: unknown = {}): readonly Target[] {
  return snapshotOf(files, config).targets
}

export function snapshotOf(files: Readonly<Record<string, string>>, config: unknown = {}): Snapshot {
  const entries = Object.keys(files).map((path) => ({ path, type: 'file' as const }))
  const texts = new Map(Object.entries(files))
  return readSnapshot({ entries, texts, config: Config.parse(config) }).snapshot
}

export function sample(
  stable: number,
  canary: number,
  versions: readonly [string, string] = ['v1', 'v2'],
  notes?: Readonly<Record<string, string>>,
): Target {
  return targetOf({ 'app/vs.yaml': virtualService(stable, canary, notes), 'app/dr.yaml': destinationRule(...versions) })
}

export function pullRequest(number: number, ref: string, state: PullRequest['state'] = 'open'): PullRequest {
  return {
    number,
    state,
    draft: false,
    title: ref,
    body: '',
    author: { login: 'perch[bot]', isBot: true },
    head: { ref, sha: 'a'.repeat(40), isFork: false },
    base: { ref: 'main', sha: 'b'.repeat(40), isDefault: true },
    mergeCommit: undefined,
    labels: [],
    assignees: [],
    createdAt: number,
    closedAt: undefined,
  }
}

/** A rule of a Service that sends more requests to a canary. */
export function riseOf(target: Target, environment: string): RolloutRise {
  const object = { group: '', kind: 'Service', namespace: 'default', name: 'web' }
  const rise = { canary: 'c', kind: 'raise', from: 5, to: 25, isForSome: false, path: [], rule: 'main' } as const
  return { ...rise, object, environment, target, isGone: false }
}
