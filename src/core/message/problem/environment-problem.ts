/** Why an environment is not rendered. */
import type { EnvironmentRefusal } from '../../environment/refusal.ts'
import { isKustomization, parentOf } from '../../environment/tree.ts'
import { code } from '../markdown/markdown.ts'
import type { ProblemWords } from './problem-words.ts'

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

export function environmentWords(refusal: EnvironmentRefusal): ProblemWords {
  const { code: why, entry } = refusal
  if (why === 'template') {
    const whole = isKustomization(refusal.file) ? 'This kustomization' : 'This file'
    return {
      what: `${whole} is a template (${code(entry)}), which kustomize cannot read, so Perch does not render it.`,
      next: 'Commit the filled-in file. If nothing deploys this folder, list the environments that Perch should render under `environments` in `.github/canary.yml`.',
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
        what: `The chart ${code(parentOf(file) || '.')} needs ${code(entry)}, which is not in its \`charts/\` folder. Perch never downloads charts, so it does not render this one.`,
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
