/** Problems of files, and of their rendered output. */
import type { ConfigProblem } from '../config/read.ts'
import type { DeliveryGap } from '../delivery/generators/generator-gap.ts'
import type { LeftOutFile } from '../diff/reading/plain-files.ts'
import type { RenderProblem } from '../diff/objects.ts'
import type { EnvironmentRefusal } from '../environment/refusal.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import { inFolder, isYaml } from '../environment/tree.ts'
import { isNotSeen, type Problem, type RenderFailure } from './problem.ts'

export function configProblem(problem: ConfigProblem, side: 'base' | 'head'): Problem {
  const { file, line } = problem
  return { code: 'config', file, line, cause: { kind: 'config', problem, side } }
}

export function manifestProblem(problem: ManifestProblem): Problem {
  const { code, file, line } = problem
  return { code, file, line, cause: { kind: 'manifest', problem } }
}

export function refusalProblem(refusal: EnvironmentRefusal): Problem {
  const { code, file, line } = refusal
  return { code, file, line, cause: { kind: 'refused-environment', refusal } }
}

export function renderProblem({
  environment,
  file,
  line = 1,
  rendered: { code, detail },
}: {
  readonly environment: string
  readonly file: string | undefined
  readonly line?: number | undefined
  readonly rendered: RenderFailure
}): Problem {
  return { code, file, line, cause: { kind: 'not-rendered', environment, failure: { code, detail } } }
}

/** The problem of a chart or kustomization that deploys something, if it cannot be rendered. */
export function parentProblem(
  {
    folder,
    files,
    by = 'chart',
  }: { readonly folder: string; readonly files: readonly string[]; readonly by?: 'chart' | 'kustomization' },
  problem: Problem,
): Problem {
  return { ...problem, cause: { kind: 'parent-not-rendered', by, folder, files, why: problem.cause } }
}

interface UnknownDeployments {
  readonly gaps: readonly DeliveryGap[]
  /** The charts that deploy something and cannot be rendered, and the templates of routes that nothing renders. */
  readonly unrendered: readonly Problem[]
}

/**
 * Notes about ApplicationSets, Applications and charts whose deployments are unknown: those that change, and those that may deploy
 * one of some folders. A chart with routes that nothing deploys is one of them: another repository may deploy it.
 */
export function unknownDeploymentNotes(
  { gaps, unrendered }: UnknownDeployments,
  { changed, folders }: { readonly changed: readonly string[] | 'all'; readonly folders: readonly string[] },
): readonly Problem[] {
  const isChanging = ({ file, prefix, why }: DeliveryGap): boolean =>
    changed === 'all' ||
    changed.includes(file) ||
    // The folder of a patched Application has a known deployer, although another source may be the real one.
    (why === 'overlay' && changed.some((path) => path.startsWith(prefix)))
  const concerned = gaps.filter(
    (gap) => isChanging(gap) || folders.some((folder) => `${folder}/`.startsWith(gap.prefix)),
  )
  const parents = unrendered.filter(
    ({ cause }) =>
      cause.kind === 'parent-not-rendered' &&
      (folders.length > 0 || changed === 'all' || cause.files.some((file) => changed.includes(file))),
  )
  const sets = concerned.map((gap): Problem => {
    const { file, line } = gap
    return { code: 'not-generated', file, line, cause: { kind: 'not-generated', gap } }
  })
  return [...sets, ...parents, ...changingTemplates({ gaps, unrendered }, changed)]
}

/** The templates of routes that nothing renders, if their files or charts change. One for each chart. */
function changingTemplates(
  { gaps, unrendered }: UnknownDeployments,
  changed: readonly string[] | 'all',
): readonly Problem[] {
  const changing = unrendered.filter(({ cause, file }) => {
    if (cause.kind !== 'manifest') return false
    const { chart } = cause.problem
    // Then the note about the ApplicationSet says what is unknown.
    if (chart !== undefined && gaps.some(({ prefix }) => inFolder(chart, '').startsWith(prefix))) return false
    const isInput = (path: string): boolean => path === file || (chart !== undefined && isChartInput(chart, path))
    return changed === 'all' || changed.some(isInput)
  })
  return [...new Map(changing.toReversed().map((one) => [chartOf(one) ?? one.file, one])).values()].toReversed()
}

function chartOf({ cause }: Problem): string | undefined {
  return cause.kind === 'manifest' ? cause.problem.chart : undefined
}

/** Whether helm reads a path for a chart. A chart at the top of a repository has other people's files below it. */
function isChartInput(chart: string, path: string): boolean {
  return path.startsWith(inFolder(chart, '')) && !path.startsWith('.github/') && (isYaml(path) || path.endsWith('.tpl'))
}

/** The problem of a render. It names no file, because renders are not files. */
export function renderedProblem(environment: string, problem: RenderProblem): Problem {
  const { code, line } = problem
  return { code, file: undefined, line, cause: { kind: 'unreadable-render', environment, problem } }
}

/** A file, or one of its documents, that is missing in the render of its environment because it cannot be read. */
export function leftOutProblem(environment: string, { file, line, problem, isWhole }: LeftOutFile): Problem {
  return { code: problem.code, file, line, cause: { kind: 'left-out', environment, problem: problem.code, isWhole } }
}

/** A file that could not be read before this change. */
export function repairedProblem(environment: string, { file }: Pick<LeftOutFile, 'file'>): Problem {
  return { code: 'repaired', file, line: 1, cause: { kind: 'repaired', environment } }
}

/** Git cannot read a necessary part of a checkout. Nothing is fetched for it. */
export function gitProblem(reason: string): Problem {
  return { code: 'git', file: undefined, line: 1, cause: { kind: 'git-unreadable', reason } }
}

/** The same problems, but environments that could not be rendered for the same reason share one problem. */
export function unknownOnce(problems: readonly Problem[]): readonly Problem[] {
  const isSame = (problem: Problem): boolean => problem.cause.kind === 'not-rendered' && isNotSeen(problem)
  const [unknown, others] = [problems.filter(isSame), problems.filter((problem) => !isSame(problem))]
  const groups = Map.groupBy(unknown, ({ code }) => code)
  return [...others, ...[...groups.values()].flatMap(asOne)]
}

function asOne(problems: readonly Problem[]): readonly Problem[] {
  const [first] = problems
  if (first?.cause.kind !== 'not-rendered') return []
  const names = problems.flatMap(({ cause }) => (cause.kind === 'not-rendered' ? [cause.environment] : []))
  const shown = names.slice(0, MAX_NAMES).join(', ')
  const environment = names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown
  return [{ ...first, cause: { ...first.cause, environment } }]
}

/** Of more names, only the number is shown. */
const MAX_NAMES = 5
