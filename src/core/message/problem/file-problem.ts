import type { ConfigProblem } from '../../config/read.ts'
import type { GeneratorGap } from '../../delivery/generators/generator-gap.ts'
import type { EnvironmentRefusal } from '../../environment/refusal.ts'
import { isKustomization } from '../../environment/tree.ts'
import type { ManifestProblem } from '../../manifest/parse.ts'
import type { FileCause } from '../../problem/problem.ts'
import { code, plainText } from '../markdown/markdown.ts'
import { templateProblemWords } from '../gate/template-problem.ts'
import type { ProblemWords } from './problem-words.ts'

export function fileWords(cause: FileCause): ProblemWords {
  switch (cause.kind) {
    case 'config':
      return {
        what: configWords(cause.problem),
        next:
          cause.side === 'head'
            ? 'Fix it in this pull request. After the merge Perch could not read it.'
            : 'Repair it on the base branch. Until then no rollout continues.',
      }
    case 'manifest':
      return manifestWords(cause.problem)
    case 'refused-environment':
      return environmentWords(cause.refusal)
    case 'not-rendered':
      return renderWords(cause)
    case 'unreadable-render':
      return renderedWords(cause)
    case 'left-out':
      return leftOutWords(cause)
    case 'repaired':
      return {
        what: `Perch could not read this file before this change, so it shows everything in it as new in environment ${code(cause.environment)}.`,
        next: 'Compare it with the last version of the file that was valid.',
      }
    case 'not-generated':
      return generatorWords(cause.gap)
    case 'analysis-template':
      return templateProblemWords(cause.template, cause.problem)
    case 'git-unreadable':
      return {
        what: `Git cannot read an object that it needs here (${cause.reason}).`,
        next: 'Is this a shallow or partial clone? Then fetch what is missing first.',
      }
  }
}

function generatorWords({ title, why, entry }: GeneratorGap): ProblemWords {
  const set = code(title)
  const name = code(entry)
  switch (why) {
    case 'generator':
      return entry === 'clusters'
        ? {
            what: `Perch does not know which clusters exist, so it does not know what ${set} deploys.`,
            next: 'List the clusters with their labels under `clusters` in `.github/canary.yml`, or list what they deploy under `environments` there.',
          }
        : {
            what: `The generator ${name} of ${set} depends on more than this repository, or on a field that Perch does not read, so Perch does not know what the set deploys.`,
            next: 'List what it deploys under `environments` in `.github/canary.yml`.',
          }
    case 'expression':
      return {
        what: `${set} uses ${name}, which Perch cannot evaluate or has no value for, so it does not know what the set deploys.`,
        next: 'Write a field (`{{ .path.path }}`) or `index` there, or list what is deployed under `environments` in `.github/canary.yml`.',
      }
    case 'patch':
      return {
        what: `The ${name} of ${set} may change which folder is deployed, so Perch does not know what the set deploys.`,
        next: 'Write the path into the template, or list what is deployed under `environments` in `.github/canary.yml`.',
      }
  }
}

export function configWords({ path, message }: ConfigProblem): string {
  const key = path === '' ? '' : ` at ${code(path)}`
  return `The config is not valid${key}: ${plainText(message)}.`
}

function chartWords(chart: string): ProblemWords {
  const release = `environments: { production: { helm: { chart: ${JSON.stringify(chart)} } } }`
  return {
    what: `This file is a template of the chart ${code(chart)}. Perch finds nothing in this repository that deploys the chart, so it does not render it.`,
    next: `List its releases, and all other environments, in \`.github/canary.yml\`: ${code(release)}.`,
  }
}

function copyWords(chart: string, copiedIn: string): ProblemWords {
  return {
    what: `This file is a template of the chart ${code(chart)}. The chart ${code(copiedIn)} has a copy of it in its \`charts/\` folder, and helm renders the copy, not this file.`,
    next: 'To have this folder rendered, remove the copy from Git.',
  }
}

function manifestWords({ code: name, detail, chart, copiedIn }: ManifestProblem): ProblemWords {
  switch (name) {
    case 'not-yaml':
      return { what: `This file is not valid YAML: ${plainText(detail)}.`, next: 'Fix it and push.' }
    case 'template':
      if (chart !== undefined && copiedIn !== undefined) return copyWords(chart, copiedIn)
      if (chart !== undefined) return chartWords(chart === '' ? '.' : chart)
      return {
        what: 'This file is not YAML but a template, for example of Helm. Only rendering turns it into a manifest.',
        next: 'If it is part of a chart, name the chart under `helm` in `.github/canary.yml`. Otherwise move it out of the folders that are rendered.',
      }
    case 'too-large':
      return {
        what: 'This file is larger than Perch reads: 5 MiB, or 1 MiB if it contains routes.',
        next: 'Split it.',
      }
    case 'alias-bomb':
      return {
        what: 'The YAML aliases of this file expand to more values than Perch reads.',
        next: 'Replace aliases with their values.',
      }
  }
}

const WHY = {
  remote: 'points to the network',
  absolute: 'is an absolute path',
  outside: 'points outside the repository',
  symlink: 'is a symbolic link',
  submodule: 'is a submodule',
  missing: 'does not exist',
  'no-kustomization': 'is a folder without a kustomization',
  helm: 'is a chart that is not in this repository',
  plugin: 'runs a plugin',
  cycle: 'includes itself',
  unparsable: 'is not unambiguous YAML',
  empty: 'is empty, which kustomize refuses',
  'unknown-field': 'is a field that Perch does not know',
  'too-many-files': 'has too many files',
  'too-large': 'is too large',
  'not-text': 'is not text',
  'no-such-folder': 'is a folder that does not exist',
} as const satisfies Record<Exclude<EnvironmentRefusal['code'], ReleaseRefusal | 'template'>, string>

type ReleaseRefusal =
  | 'no-chart'
  | 'helm-dependency'
  | 'helm-values'
  | 'several-deployers'
  | 'no-such-deployer'
  | 'patched-release'
  | 'several-values'
  | 'broken-override'

function environmentWords(refusal: EnvironmentRefusal): ProblemWords {
  const { code: why, entry } = refusal
  if (why === 'template') {
    return {
      what: `This kustomization is a template (${code(entry)}), which kustomize cannot read, so Perch does not render it.`,
      next: 'Commit the filled-in kustomization. If nothing deploys this folder, list the environments that Perch should render under `environments` in `.github/canary.yml`.',
    }
  }
  if (isOfRelease(why)) return releaseWords(why, refusal)
  if (why === 'unparsable' && entry === '' && !isKustomization(refusal.file)) {
    return {
      what: 'This file has a line break in this line that not every YAML parser reads as one, such as a lone carriage return, so Perch does not render it.',
      next: 'Write line breaks as line feeds.',
    }
  }
  const whole = why === 'not-text' ? 'This file' : 'This kustomization'
  const what = entry === '' ? whole : `The entry ${code(entry)}`
  return {
    what: `${what} ${WHY[why]}, so Perch does not render it.`,
    next: NEXT[why] ?? 'Use files of this repository that kustomize can build by itself.',
  }
}

const NEXT: Partial<Record<EnvironmentRefusal['code'], string>> = {
  empty: 'List in it what it builds, or delete it.',
  'no-such-folder': 'Add the folder, or correct or remove its entry under `environments` in `.github/canary.yml`.',
}

function isOfRelease(why: EnvironmentRefusal['code']): why is ReleaseRefusal {
  return why !== 'template' && !Object.hasOwn(WHY, why)
}

function releaseWords(why: ReleaseRefusal, { entry, file }: Pick<EnvironmentRefusal, 'entry' | 'file'>): ProblemWords {
  switch (why) {
    case 'helm-dependency':
      return {
        what: `The chart ${code(file.replace(/\/?[^/]*$/, '') || '.')} needs ${code(entry)}, which is not in its \`charts/\` folder. Perch never downloads charts, so it does not render this one.`,
        next: 'Run `helm dependency build` and commit the files in `charts/`.',
      }
    case 'helm-values':
      if (entry.includes('{{')) {
        return {
          what: `The values of this release depend on ${code(entry)}, which a template engine fills in before the release is deployed, so Perch does not render the release.`,
          next: 'Describe the release, with the values that it really gets, under `helm` in `.github/canary.yml`.',
        }
      }
      return {
        what: `The values of this release depend on ${code(entry)}, which is not in this repository, so Perch does not render the release.`,
        next: 'Put the values into this repository, or describe the release under `helm` in `.github/canary.yml`.',
      }
    case 'no-such-deployer':
      return {
        what: `The config names the deployer ${code(entry)}, but nothing with that name or file deploys this path, so Perch does not render it.`,
        next: 'Name an Application, Kustomization or HelmRelease of this repository under `deployer` in `.github/canary.yml`, or remove `deployer`.',
      }
    case 'broken-override':
      return {
        what: 'This file overrides the source of an Application, but it is not valid YAML. Argo CD would build nothing, so Perch does not render it.',
        next: 'Fix it and push.',
      }
    case 'several-deployers':
      return {
        what: `Several releases of the chart ${code(entry)} have different values, and the config does not say which of them this environment is, so Perch does not render it.`,
        next: 'In `.github/canary.yml`, list one environment for each release, with the Application or HelmRelease under `deployer` next to the path.',
      }
    case 'patched-release':
      return {
        what: `A kustomization may patch the HelmRelease ${code(entry)}, or several kustomizations use it, so its values may differ from those in this file.`,
        next: 'Write the values into a HelmRelease that only one kustomization uses, and that none patches.',
      }
    case 'several-values':
      return {
        what: `The chart has other values files than \`values.yaml\`, for example ${code(entry)}, and nothing in this repository says which of them count.`,
        next: 'Commit the Application or HelmRelease that deploys the chart, with its values files.',
      }
    case 'no-chart':
      return {
        what: `The folder ${code(entry)} has no \`Chart.yaml\`, so it is not a Helm chart that Perch can render.`,
        next: 'Correct the path of the chart.',
      }
  }
}

function renderWords({ environment, failure }: Extract<FileCause, { kind: 'not-rendered' }>): ProblemWords {
  const name = code(environment)
  switch (failure.code) {
    case 'tool-missing':
      return {
        what: `Environment ${name} cannot be rendered: the machine that Perch runs on has neither \`kustomize\` nor \`kubectl\`.`,
        next: 'Ask the operator of Perch to install one of them.',
      }
    case 'helm-missing':
      return {
        what: `Environment ${name} cannot be rendered: the machine that Perch runs on does not have \`helm\`.`,
        next: 'Ask the operator of Perch to install it.',
      }
    case 'tool-busy':
      return {
        what: `Environment ${name} was not rendered: the tool that renders it did not answer in time, because the machine that Perch runs on is busy.`,
        next: 'Comment `/canary retry` to try again.',
      }
    case 'not-confined':
      return {
        what: `Environment ${name} uses files outside of its folder. Perch lets kustomize read them only if it can hide all other files of its machine from kustomize. It cannot do that here, so the environment is not rendered.`,
        next: 'Ask the operator of Perch to install bubblewrap (or util-linux 2.41 or newer) and to restart Perch. If the machine does not run Linux, use the image of Perch there.',
      }
    case 'build-failed':
      return {
        what: `Environment ${name} does not build: ${code(failure.detail)}.`,
        next: 'Fix it and push.',
      }
    case 'values-unknown':
      return {
        what: `Helm does not render environment ${name} without a value for ${code(failure.detail)}. An ApplicationSet fills it in, and its generator depends on more than this repository.`,
        next: 'To see this environment rendered, describe its release under `helm` in `.github/canary.yml`.',
      }
    case 'out-of-memory':
      return {
        what: `Environment ${name} needs more memory for its build than Perch allows.`,
        next: 'Make it smaller, or split it.',
      }
    case 'timed-out':
      return { what: `Environment ${name} took too long to build.`, next: 'Make it smaller, or split it.' }
    case 'too-large':
      return {
        what: `Environment ${name} renders to more than Perch reads.`,
        next: 'Make it smaller, or split it.',
      }
  }
}

function leftOutWords({ environment, problem, isWhole }: Extract<FileCause, { kind: 'left-out' }>): ProblemWords {
  const why =
    problem === 'unparsable'
      ? 'This is not valid YAML'
      : 'This document has no `apiVersion`, `kind` or name, so it is not a Kubernetes object'
  return {
    what: `${why}. Perch leaves ${isWhole ? 'the file' : 'it'} out of environment ${code(environment)}.`,
    next: 'Correct it, or move it elsewhere. Until then, the tool that deploys this folder may refuse the whole folder.',
  }
}

/** The rendered output of an environment cannot be read as Kubernetes objects. */
function renderedWords({ environment, problem }: Extract<FileCause, { kind: 'unreadable-render' }>): ProblemWords {
  const name = code(environment)
  switch (problem.code) {
    case 'unparsable':
      return {
        what: `Environment ${name} renders to YAML that is not valid, in line ${problem.line}.`,
        next: 'Fix the file that it comes from and push.',
      }
    case 'not-an-object':
      return {
        what: `Environment ${name} renders to something that is not a Kubernetes object, in line ${problem.line}.`,
        next: 'Give it an apiVersion, a kind and a name, or move the file elsewhere.',
      }
    case 'too-large':
      return {
        what: `Environment ${name} renders to more than Perch reads.`,
        next: 'Make it smaller, or split it.',
      }
    case 'duplicate': {
      const { kind, namespace, name: object } = problem.identity
      const title = code(`${kind} ${namespace === '' ? '' : `${namespace}/`}${object}`)
      return {
        what: `Environment ${name} has ${title} twice.`,
        next: 'Remove one of them. Only the one that is applied last counts.',
      }
    }
  }
}
