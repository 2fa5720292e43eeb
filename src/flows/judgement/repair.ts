import { type ConfigProblem, type ConfigResult, readConfig } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import { type Review, trafficObjects } from '../../core/gate/review.ts'
import { configProblem } from '../../core/problem/files.ts'
import { brokenBaseNote, mixedRepairProblem, unjudgedProblem } from '../../core/problem/merge.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { Sha } from '../../core/rollout/facts.ts'

/** The result under one config. `sides`: the input of the gates. */
interface ConfigComparison {
  readonly review: Review
  readonly names: readonly string[]
  readonly known?: readonly string[]
  readonly sides?: unknown
}

interface BrokenConfig<T extends ConfigComparison> {
  /** The problems of the config on the base branch. */
  readonly broken: readonly ConfigProblem[]
  /** The config in the pull request; undefined if it is unchanged. */
  readonly next: ConfigResult | undefined
  /** Compares the pull request under a config. Files that the config names are read at a commit or tree. */
  readonly look: (config: Config, from: Sha) => Promise<T>
}

/**
 * While the base branch's config is not valid, it gives no roles and no gates. A pull request passes if it changes no traffic, neither
 * under its own config nor without any config, which hides nothing. So a pull request that only repairs the config passes, and others
 * wait for it.
 */
export async function compareDespiteConfig<T extends ConfigComparison>(
  at: { readonly base: Sha; readonly head: Sha },
  { broken, next, look }: BrokenConfig<T>,
): Promise<Omit<T, 'sides'> | { readonly review: Review; readonly names: readonly string[] }> {
  const [first] = broken
  if (first === undefined) throw new Error('A config that is not valid has a problem.')
  const plain = await look(defaults(), at.base)
  const { sides: _, ...found } = next?.ok === true ? await look(next.value, at.head) : plain
  const objects = [...new Set([...trafficObjects(plain.review), ...trafficObjects(found.review)])]
  const problems = [...found.review.problems]
  if (next?.ok === false) problems.push(...next.error.map((problem) => configProblem(problem, 'head')))
  else if (objects.length > 0) problems.push(trafficProblem(configProblem(first, 'base'), next?.ok === true, objects))
  const notes = next?.ok === false ? [] : [brokenBaseNote(first, next?.ok === true ? 'repairs' : 'waits')]
  return { ...found, review: { ...found.review, problems, notes: [...notes, ...found.review.notes] } }
}

function trafficProblem(broken: Problem, isRepaired: boolean, objects: readonly string[]): Problem {
  return isRepaired ? mixedRepairProblem(broken, objects) : unjudgedProblem(broken)
}

function defaults(): Config {
  const config = readConfig(undefined)
  if (!config.ok) throw new Error('No config at all is valid.')
  return config.value
}

/**
 * What must not be in a pull request that repairs a policy or another validator's settings, because nothing on the base branch
 * judges it.
 */
export function mixedRepair(repaired: readonly Problem[], review: Review): readonly Problem[] {
  const [first] = repaired
  const objects = trafficObjects(review)
  return first === undefined || objects.length === 0 ? [] : [mixedRepairProblem(first, objects)]
}
