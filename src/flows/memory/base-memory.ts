import * as z from 'zod'
import type { Sha } from '../../core/rollout/facts.ts'
import { recallAll } from './remembered.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/** The base branch's head up to which everything has been done. */
export async function settledAt(context: Needs, base: string): Promise<Sha | undefined> {
  const sha = await context.memo.get(`base:${context.repo.id}:${base}`)
  return typeof sha === 'string' ? sha : undefined
}

export async function settle(context: Needs, base: string, sha: Sha): Promise<void> {
  await context.memo.set(`base:${context.repo.id}:${base}`, sha)
}

/** Something for this head was not done after all. The branch stays known. */
export async function unsettle(context: Needs, base: string): Promise<void> {
  if ((await settledAt(context, base)) !== undefined) await settle(context, base, '')
}

/** The base branches that have been looked at, each with the head up to which everything is done. */
export async function knownBases(context: Needs): Promise<readonly string[]> {
  return [...(await recallAll(context, 'base', z.unknown())).keys()]
}

/** The branch is not deployed, so pushes to it have no consequences. */
export async function forgetBase(context: Needs, base: string): Promise<void> {
  await context.memo.forget(`base:${context.repo.id}:${base}`)
  await context.memo.forget(`watch:${context.repo.id}:${base}`)
  await context.memo.forget(`rollouts:${context.repo.id}:${base}`)
  await context.memo.forget(`listing:${context.repo.id}:${base}`)
}

/** The deployed branches at the last look. Pushes are compared with them, so that pushes to other branches cost nothing. */
export async function recallDeployed(context: Needs): Promise<readonly string[]> {
  return z
    .array(z.string())
    .catch([])
    .parse(await context.memo.get(`deployed:${context.repo.id}`))
}

export async function rememberDeployed(context: Needs, names: readonly string[]): Promise<void> {
  await context.memo.set(`deployed:${context.repo.id}`, names)
}

/** Base branches with rollouts that must be measured. */
export async function watchedBases(context: Needs): Promise<readonly string[]> {
  return [...(await recallAll(context, 'watch', z.unknown())).keys()]
}

export async function rememberWatch(context: Needs, base: string, isWatched: boolean): Promise<void> {
  const key = `watch:${context.repo.id}:${base}`
  if (isWatched) await context.memo.set(key, true)
  else await context.memo.forget(key)
}
