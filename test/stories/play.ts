import assert from 'node:assert/strict'
import type { GitHubBox } from '../../src/sandbox/github.ts'
import { destinationRule } from '../manifests.ts'
import type { Scene } from './process.ts'
import { weightsIn } from './world.ts'

export const VS = 'production/virtual-service.yaml'
export const DR = 'production/destination-rule.yaml'

/** One plain environment that reports by itself, so that a whole rollout takes seconds and uses git very little. */
export function leanRepository(
  options: { readonly live?: string; readonly autoMerge?: string; readonly weights?: readonly [number, number] } = {},
): Record<string, string> {
  const { live = '{ after: 0s }', autoMerge = 'always', weights = [100, 0] } = options
  return {
    '.github/canary.yml': `environments:
  production: { path: production, live: ${live} }
services:
  api-service: { steps: [25, 50, 100], bake: 0.1s, autoMerge: ${autoMerge} }
`,
    [VS]: virtualService(...weights),
    [DR]: destinationRule('api-service', 'v1'),
  }
}

export const LIVE_BY_STATUS = '{ status: "kustomization/apps/*" }'

export function virtualService(stable: number, canary: number): string {
  return `# Traffic of the API. Ask #team-api before you change it.
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: api-service
  annotations:
    perch.dev/canary-percentage: "${canary}"
spec:
  hosts: [api-service]
  http:
    - name: main
      route:
        - destination: { host: api-service, subset: stable }
          weight: ${stable}        # keep this comment
        - destination: { host: api-service, subset: canary }
          weight: ${canary}
`
}

/** The moments at which a story may intervene, in order. */
export type Moment = 'opened' | 'answered' | 'merged' | 'finished'

/**
 * The conversation: Alice brings v2, requests half of the traffic, merges when the gate is green, and asks for the status. Perch
 * does the rest. It ends when all traffic is on the stable version, which is v2 then.
 */
export async function playRollout(scene: Scene, at?: (moment: Moment) => Promise<void>): Promise<void> {
  const { box, until } = scene
  const alice = box.person('alice')
  const repo = box.repository()
  const pull = alice.openPullRequest({
    branch: 'api-v2',
    title: 'api-service v2',
    files: { [DR]: (repo.file(DR) ?? '').replace(/v1\n$/, 'v2\n') },
  })
  await at?.('opened')
  await until('green checks on what Alice pushed', () => isGreen(box, pull.head.sha))
  await command(scene, pull.number, '/canary 50')
  await at?.('answered')
  await until('green checks on what Perch committed', () => isGreen(box, repo.branch('api-v2') ?? ''))
  alice.merge(pull.number, { method: 'squash' })
  await command(scene, pull.number, '/canary status')
  await at?.('merged')
  // All of it may have happened while the story waited for the answer.
  let seen: string | undefined
  await until(
    'the end of the rollout',
    () => {
      const head = repo.branch('main')
      if (head === seen) return false
      seen = head
      return weightsIn(repo.file(VS) ?? '') === '100/0'
    },
    400_000,
  )
  await at?.('finished')
}

/** Comments as Alice, and waits for the answer. */
export async function command({ box, until }: Pick<Scene, 'box' | 'until'>, pull: number, text: string): Promise<void> {
  const comment = box.person('alice').comment(pull, text)
  await until(`an answer to ${text}`, () =>
    box
      .repository()
      .comments(pull)
      .some(({ body }) => body.includes(`perch:answer:${comment.id} `)),
  )
}

/** Whether both checks exist, as a branch rule would require, and all checks are green. */
export function isGreen(box: GitHubBox, sha: string): boolean {
  const runs = box.repository().checkRuns(sha)
  return (
    ['canary/validate', 'canary/gate'].every((name) => runs.some((run) => run.name === name)) &&
    runs.every(({ conclusion }) => conclusion === 'success')
  )
}

/** A stand-in for Flux. Soon after the base branch moves, it reports that it has applied the commit. */
export function startFlux({ box, clock }: Pick<Scene, 'box' | 'clock'>): () => void {
  const flux = box.person('flux')
  let reported = box.repository().branch('main')
  return clock.every(300, () => {
    const head = box.repository().branch('main')
    if (head === undefined || head === reported) return
    flux.setStatus(head, { context: 'kustomization/apps/0c9c2e41', state: 'success' })
    reported = head
  })
}

/** The final state, without what varies between runs: object names, times, and the numbers of comments. */
export interface PlayResult {
  readonly files: Readonly<Record<string, string>>
  readonly main: readonly string[]
  readonly branches: readonly string[]
  readonly pulls: readonly PlayedPull[]
}

interface PlayedPull {
  readonly number: number
  readonly title: string
  readonly body: string
  readonly state: string
  readonly author: string
  readonly branch: string
  readonly labels: readonly string[]
  /** Newest first. ✓ marks those that GitHub signed. */
  readonly commits: readonly string[]
  /** The checks of each commit. */
  readonly checks: readonly (readonly string[])[]
  readonly comments: readonly string[]
}

export function outcome(box: GitHubBox): PlayResult {
  const repo = box.repository()
  const main = repo.log()
  const onMain = new Set(main.map(({ sha }) => sha))
  return {
    files: repo.files(),
    main: main.map(({ message }) => anonymous(message)),
    branches: repo.branches().toSorted(),
    pulls: repo.pulls().map(({ number, title, body, state, author, head, labels }) => {
      const commits = repo.log(head.sha).filter(({ sha }) => !onMain.has(sha))
      return {
        number,
        title,
        body,
        state,
        author,
        branch: head.ref,
        labels: labels.toSorted(),
        commits: commits.map(({ message, verified }) => `${verified ? '✓' : '-'} ${anonymous(message)}`),
        checks: commits.map(({ sha }) => checksOn(box, sha)),
        comments: commentsOn(box, number),
      }
    }),
  }
}

function anonymous(message: string): string {
  return message.replaceAll(/Canary-Comment: \d+/g, 'Canary-Comment: N')
}

function checksOn(box: GitHubBox, sha: string): string[] {
  const runs = box.repository().checkRuns(sha)
  return runs.map(({ name, status, conclusion }) => `${name} ${conclusion ?? status}`).toSorted()
}

function commentsOn(box: GitHubBox, number: number): string[] {
  const comments = box.repository().comments(number)
  const kind = (body: string): string => {
    const answered = /perch:answer:(\d+) /.exec(body)?.[1]
    if (answered !== undefined) return `answer to ${comments.find(({ id }) => id === Number(answered))?.body ?? '?'}`
    return body.includes('perch:summary') ? 'summary' : body.replaceAll(/(perch:[a-z]+:)\d+/g, '$1N')
  }
  return comments.map(({ author, body }) => `${author}: ${kind(body)}`).toSorted()
}

/** Waits until everything is as expected, and checks that it stays: a second pull request or answer may come late. */
export async function settlesAs({ box, until, pass }: Scene, expected: unknown): Promise<void> {
  const isExpected = (): boolean => {
    try {
      assert.deepEqual(outcome(box), expected)
      return true
    } catch {
      return false
    }
  }
  // The comparison below shows the difference.
  await until('the same end', isExpected, 40_000).catch(() => undefined)
  await box.idle()
  // A little more than two sweeps.
  await pass(2_500)
  assert.deepEqual(outcome(box), expected)
}
