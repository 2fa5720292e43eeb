import type { ConfigProblem } from '../../config/read.ts'
import type { DeliveryGap } from '../../delivery/generators/generator-gap.ts'
import type { ManifestProblem } from '../../manifest/parse.ts'
import type { FileCause } from '../../problem/problem.ts'
import { code, plainText } from '../markdown/markdown.ts'
import { templateProblemWords } from '../gate/template-problem.ts'
import { environmentWords } from './environment-problem.ts'
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

function generatorWords({ title, why, entry }: DeliveryGap): ProblemWords {
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
    case 'overlay':
      return {
        what: `The kustomization ${name} patches ${set}. Perch reads ${set} as its file has it, so it does not know what is deployed.`,
        next: 'Write the change into the file without a patch, or list what is deployed under `environments` in `.github/canary.yml`.',
      }
  }
}

export function configWords({ path, message }: ConfigProblem): string {
  const key = path === '' ? '' : ` at ${code(path)}`
  return `The config is not valid${key}: ${plainText(message)}.`
}

function chartWords(chart: string): ProblemWords {
  const release = `environments: { production: { helm: { chart: ${JSON.stringify(chart === '' ? '.' : chart)} } } }`
  const name = chart === '' ? 'at the top of this repository' : code(chart)
  return {
    what: `This file is a template of the chart ${name}. Perch finds nothing in this repository that deploys the chart, so it does not render it.`,
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
      if (chart !== undefined) return chartWords(chart)
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
    case 'values-by-hand':
      return {
        what: `Helm does not render environment ${name}: ${code(failure.detail)}. Its values come from a chart that nothing in this repository deploys, so the person who applies that chart may give others.`,
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
