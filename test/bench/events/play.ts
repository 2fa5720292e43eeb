/** The actions of people in the benches, and functions that wait for Perch's reactions. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { GitHubBox } from '../../../src/sandbox/github.ts'
import { destinationRule } from '../../manifests.ts'
import { rootName, serviceName } from '../repository.ts'

const PATIENCE_MS = 120_000

/** Polls often, because the exact moment is measured. */
export async function until<T>(what: string, look: () => T | undefined | false): Promise<T> {
  const end = Date.now() + PATIENCE_MS
  for (;;) {
    const found = look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited ${PATIENCE_MS} ms in vain: ${what}`)
    await sleep(10)
  }
}

/** Alice brings a new version of a service. Resolves to the number of the pull request when both checks exist. */
export async function openRaise(box: GitHubBox, service: number, roots = 1): Promise<number> {
  const name = serviceName(service)
  const path = `${rootName(service % roots)}/${name}-rule.yaml`
  const count = box.repository().pulls().length
  const pull = box.person('alice').openPullRequest({
    branch: `${name}-${count}`,
    title: name,
    files: { [path]: destinationRule(name, `v${count + 2}`) },
  })
  await until(`checks of #${pull.number}`, () => isConcluded(box, pull.head.sha))
  return pull.number
}

/**
 * As Alice, requests a quarter of a service's traffic. Resolves to the milliseconds until the answer, or NaN if the answer is a
 * refusal.
 */
export async function raise(box: GitHubBox, pull: number, service: number): Promise<number> {
  const start = performance.now()
  const { id } = box.person('alice').comment(pull, `/canary 25 ${serviceName(service)}`)
  const answer = await until(`an answer in #${pull}`, () =>
    box
      .repository()
      .comments(pull)
      .find(({ body }) => body.includes(`perch:answer:${id} `)),
  )
  return answer.body.includes('⛔') ? Number.NaN : performance.now() - start
}

export function isConcluded(box: GitHubBox, sha: string): boolean {
  const runs = box.repository().checkRuns(sha)
  return runs.length >= 2 && runs.every(({ status }) => status === 'completed')
}

/** A raise and its merge, and the next two steps and their merges. */
export async function playSteps(box: GitHubBox): Promise<void> {
  const pull = await openRaise(box, 0)
  await raise(box, pull, 0)
  box.person('alice').merge(pull, { method: 'squash' })
  for (const share of [50, 100]) {
    const step = await until(`the step to ${share}`, () =>
      box
        .repository()
        .pulls('open')
        .find(({ head }) => head.ref.endsWith(`/${share}`)),
    )
    await until(
      'green checks',
      () =>
        box
          .repository()
          .checkRuns(step.head.sha)
          .every(({ conclusion }) => conclusion === 'success') && isConcluded(box, step.head.sha),
    )
    box.person('alice').merge(step.number, { method: 'squash' })
  }
}
