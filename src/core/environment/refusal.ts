/**
 * Why an environment cannot be rendered.
 *
 * `remote`, `absolute`, `outside`, `symlink`, `submodule`: an entry leads out of the repository · `missing`: to nothing ·
 * `no-kustomization`: to a folder that is no kustomize root · `helm`: a chart that kustomize would fetch · `plugin`: runs something else than kustomize ·
 * `cycle`: a root that includes itself · `unparsable`, `unknown-field`: kustomize might read the file otherwise than we do · `template`: not YAML before it is filled in ·
 * `too-many-files`, `too-large`, `not-text`: the files themselves · `no-such-folder`, `no-such-deployer`: what the config names ·
 * `several-deployers`: releases of the configured chart that differ · `no-chart`: a folder that is to be a Helm chart and is none · `helm-dependency`: a chart that is not in `charts/` ·
 * `helm-values`: values that are not in this repository.
 */
export type RefusalCode =
  | 'remote'
  | 'absolute'
  | 'outside'
  | 'symlink'
  | 'submodule'
  | 'missing'
  | 'no-kustomization'
  | 'helm'
  | 'plugin'
  | 'cycle'
  | 'unparsable'
  | 'template'
  | 'unknown-field'
  | 'too-many-files'
  | 'too-large'
  | 'not-text'
  | 'no-such-folder'
  | 'no-such-deployer'
  | 'several-deployers'
  | 'no-chart'
  | 'helm-dependency'
  | 'helm-values'

export interface EnvironmentRefusal {
  readonly code: RefusalCode
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** The text in the file that is the reason, as written there. Empty if it is the file as a whole. */
  readonly entry: string
}
