import { environmentNamed, parentOfEnvironment } from '../../environment/environment.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Target } from '../target.ts'

/**
 * Whether a rollout may be in another commit, although it is not found there: a file of its environment cannot be read, or what
 * renders the environment's deployer cannot be rendered.
 */
export function isHiddenIn(
  { problems, unrendered }: Pick<Snapshot, 'problems' | 'unrendered'>,
  { environments, layout }: Pick<Target, 'environments' | 'layout'>,
): boolean {
  const hidden = new Set([...problems, ...unrendered].flatMap((problem) => problem.environments))
  const broken = new Set(unrendered.flatMap(({ cause }) => (cause.kind === 'parent-not-rendered' ? cause.files : [])))
  return environments.some((name) => {
    const environment = environmentNamed(layout.environments, name)
    const parent = environment && parentOfEnvironment(environment)
    return hidden.has(name) || parent?.files.some((file) => broken.has(file)) === true
  })
}
