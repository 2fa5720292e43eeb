import type { ConfigProblem } from '../config/read.ts'
import type { RenderProblem } from '../diff/objects.ts'
import type { Refusal as EnvironmentRefusal } from '../environment/refusal.ts'
import type { Problem } from '../gate/review.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import type { Standing } from '../rollout/standing.ts'
import { type Target, targetName } from '../rollout/target.ts'
import { code, list, percent, plainText } from './markdown.ts'
import type { Refusal } from '../refusal/refusal.ts'

/** `side`: where the config is that is not valid. */
export function configProblem(problem: ConfigProblem, side: 'base' | 'head'): Problem {
  const key = problem.path === '' ? '' : ` at ${code(problem.path)}`
  return {
    code: 'config',
    file: problem.file,
    line: problem.line,
    what: `The config is not valid${key}: ${plainText(problem.message)}.`,
    next:
      side === 'head'
        ? 'Fix it in this pull request: once merged, Perch could read nothing from it.'
        : 'Repair it on the base branch; until then no rollout goes on.',
  }
}

export function manifestProblem({ code: name, file, line, detail }: ManifestProblem): Problem {
  const problem = { code: name, file, line }
  switch (name) {
    case 'not-yaml':
      return { ...problem, what: `This file is not valid YAML: ${plainText(detail)}`, next: 'Fix it and push.' }
    case 'template':
      return {
        ...problem,
        what: 'This file is a template, not YAML: what it becomes is not written in it.',
        next: 'Move it out of the folders that are rendered, or commit the rendered manifest.',
      }
    case 'too-large':
      return {
        ...problem,
        what: 'This file holds more YAML than Perch reads: 5 MiB, 1 MiB of it about traffic.',
        next: 'Split it.',
      }
    case 'alias-bomb':
      return { ...problem, what: 'This file repeats its YAML aliases beyond reason.', next: 'Write the values out.' }
  }
}

const WHY = {
  remote: 'leads to another place on the network',
  absolute: 'is an absolute path',
  outside: 'leads out of the repository',
  symlink: 'is a symbolic link',
  submodule: 'is a submodule',
  missing: 'does not exist',
  'no-kustomization': 'is a folder without a kustomization',
  helm: 'runs Helm',
  plugin: 'runs a plugin',
  cycle: 'includes itself',
  unparsable: 'cannot be read as YAML without doubt',
  'unknown-field': 'is a field that Perch does not know',
  'too-many-files': 'has too many files',
  'too-large': 'is too large',
  'not-text': 'is not a text file',
  'no-such-folder': 'is a folder that does not exist',
} as const satisfies Record<EnvironmentRefusal['code'], string>

export function refusalProblem(refusal: EnvironmentRefusal): Problem {
  const entry = refusal.entry === '' ? 'This kustomization' : `The entry ${code(refusal.entry)}`
  return {
    code: refusal.code,
    file: refusal.file,
    line: refusal.line,
    what: `${entry} ${WHY[refusal.code]}, so Perch does not render it.`,
    next: 'Use files of this repository, below its root, that kustomize builds by itself.',
  }
}

export function renderProblem(failure: {
  readonly environment: string
  readonly file: string | undefined
  readonly line?: number | undefined
  readonly rendered: {
    readonly code: 'tool-missing' | 'tool-busy' | 'build-failed' | 'timed-out' | 'too-large' | 'out-of-memory'
    readonly detail: string
  }
}): Problem {
  const { environment, file, line = 1, rendered } = failure
  const problem = { code: rendered.code, file, line }
  const name = code(environment)
  switch (rendered.code) {
    case 'tool-missing':
      return {
        ...problem,
        what: `Environment ${name} cannot be rendered: the machine that Perch runs on has neither \`kustomize\` nor \`kubectl\`.`,
        next: 'Whoever runs Perch must install one of them.',
      }
    case 'tool-busy':
      return {
        ...problem,
        what: `Environment ${name} was not rendered: kustomize did not answer in time, because the machine that Perch runs on is busy.`,
        next: 'Write `/canary retry` to try again.',
      }
    case 'build-failed':
      return {
        ...problem,
        what: `Environment ${name} does not build: ${code(rendered.detail)}`,
        next: 'Fix it and push.',
      }
    case 'out-of-memory':
      return {
        ...problem,
        what: `Environment ${name} needs more memory to build than Perch gives it.`,
        next: 'Make it smaller, or split it.',
      }
    case 'timed-out':
      return { ...problem, what: `Environment ${name} took too long to build.`, next: 'Make it smaller, or split it.' }
    case 'too-large':
      return {
        ...problem,
        what: `Environment ${name} renders to more than Perch reads.`,
        next: 'Make it smaller, or split it.',
      }
  }
}

/** What an environment renders to cannot be read as Kubernetes objects. */
export function renderedProblem(environment: string, problem: RenderProblem): Problem {
  const where = { code: problem.code, file: undefined, line: problem.line }
  const name = code(environment)
  switch (problem.code) {
    case 'unparsable':
      return {
        ...where,
        what: `Line ${problem.line} of what environment ${name} renders to is not valid YAML.`,
        next: 'Fix the file that it comes from and push.',
      }
    case 'not-an-object':
      return {
        ...where,
        what: `Line ${problem.line} of what environment ${name} renders to begins something that is no Kubernetes object.`,
        next: 'Give it an apiVersion, a kind and a name, or move the file elsewhere.',
      }
    case 'too-large':
      return {
        ...where,
        what: `Environment ${name} renders to more than Perch reads.`,
        next: 'Make it smaller, or split it.',
      }
    case 'duplicate': {
      const { kind, namespace, name: object } = problem.identity
      const title = code(`${kind} ${namespace === '' ? '' : `${namespace}/`}${object}`)
      return {
        ...where,
        what: `Environment ${name} has ${title} twice.`,
        next: 'Remove one; or, where they are for different places, name each folder as an environment in `.github/canary.yml`.',
      }
    }
  }
}

/** A rollout under way whose route no longer splits anything, or is gone. */
export function vanishedProblem({ target, share }: Standing): Problem {
  return {
    code: 'rollout-vanished',
    file: target.route.place.file,
    line: 1,
    what: `The canary of ${code(targetName(target))} has ${shareWords(share)} of the traffic on the base branch, and here its route has no stable and canary destination any more.`,
    next: 'Finish the rollout or roll it back (`/canary abort`) before you change its entries.',
  }
}

/** An annotation that would have gates take one version for the other after the merge. */
export function renamedRolesProblem(target: Target): Problem {
  return {
    code: 'roles-renamed',
    file: target.route.place.file,
    line: target.route.place.line,
    what: `This changes the annotation that says which destinations of ${code(targetName(target))} are stable and canary, so that the same destinations have other roles.`,
    next: 'Leave the roles as the base branch has them, or name `stable` and `canary` of the service in `.github/canary.yml` first.',
  }
}

/** The files say one share, and the environment renders another. */
export function disagreement({
  environment,
  target,
  said,
  rendered,
}: {
  readonly environment: string
  readonly target: Target
  readonly said: number | 'unknown'
  readonly rendered: number | 'unknown' | undefined
}): Problem {
  const comes = rendered === undefined ? 'its route is not rendered' : `${shareWords(rendered)} is rendered`
  return {
    code: 'share-differs',
    file: target.route.place.file,
    line: target.route.place.line,
    what: `By its files the canary of ${code(targetName(target))} gets ${shareWords(said)} of the traffic, and in environment ${code(environment)} ${comes}: something that Perch does not follow sets its weights.`,
    next: 'Set them in the file or in a patch of it, not by a replacement, a variable, a plugin or an OpenAPI schema.',
  }
}

/** `25%`, or that nobody can tell. */
function shareWords(share: number | 'unknown'): string {
  return share === 'unknown' ? 'an unknown part' : percent(share)
}

/** The merge queue's commit does not stand on the base branch. */
export function staleGroupProblem(base: string): Problem {
  return {
    code: 'stale-group',
    file: undefined,
    line: 1,
    what: `${code(base)} has moved since GitHub made this merge group.`,
    next: 'Put the pull requests into the queue again.',
  }
}

export function conflictProblem(paths: readonly string[]): Problem {
  return {
    code: 'conflict',
    file: paths[0],
    line: 1,
    what: `This branch conflicts with the base branch in ${list(paths.slice(0, 5))}.`,
    next: 'Merge or rebase, and push.',
  }
}

/** A pull request against a branch that nothing deploys, whose commit cannot be merged into the one that is deployed. */
export function notJudgedProblem(
  { base, judgedFor }: { readonly base: string; readonly judgedFor: string },
  conflicts: readonly string[],
): Problem {
  const why =
    conflicts.length === 0 ? 'the two have no common history' : `the two conflict in ${list(conflicts.slice(0, 5))}`
  return {
    code: 'not-judged',
    file: undefined,
    line: 1,
    what: `This commit is not judged for a merge into ${code(judgedFor)}: ${why}.`,
    next: `Merging it into ${code(base)}, which nothing deploys, needs nothing from Perch.`,
  }
}

/** Begins a refusal that comes after the edit was made and before it was committed. */
export const UNCOMMITTED = 'Nothing was committed. '

/** A problem as the reason why a command was not carried out, with its place. `before`: a sentence of ours to begin with. */
export function problemRefusal(problem: Problem | undefined, before = ''): Refusal {
  const { what = 'The config is not valid.', next = '', file, line } = problem ?? {}
  const place = file === undefined ? '' : ` (${code(`${file}:${line}`)})`
  return { code: 'unreadable', what: `${before}${what}${place}`, next }
}

/** Why nothing is carried out while the base branch's config is not valid: its first problem. */
export function configRefusal(problems: readonly ConfigProblem[]): Refusal {
  return problemRefusal(problems.map((problem) => configProblem(problem, 'base'))[0])
}
