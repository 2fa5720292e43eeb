/**
 * Why an environment cannot be rendered.
 *
 * - `remote`, `absolute`, `outside`, `symlink`, `submodule`: an entry leads out of the repository
 * - `missing`: an entry leads to nothing
 * - `no-kustomization`: an entry leads to a folder that is not a kustomize root
 * - `helm`: a chart that kustomize would fetch
 * - `plugin`: something other than kustomize would run
 * - `cycle`: a root that includes itself
 * - `unparsable`, `unknown-field`: kustomize might read the file differently than Perch
 * - `empty`: a kustomization without content
 * - `template`: not YAML before it is filled in
 * - `too-many-files`, `too-large`, `not-text`: the files themselves
 * - `no-such-folder`, `no-such-deployer`: a name in the config that does not exist
 * - `several-deployers`: different releases of the configured chart
 * - `no-chart`: a folder that should be a Helm chart, but is not
 * - `helm-dependency`: a chart that is not in `charts/`
 * - `helm-values`: values that are not in this repository
 * - `patched-release`: a HelmRelease that a build may patch, so its values in the file may not be those that it gets
 * - `several-values`: a chart that people deploy by hand, with one of several values files
 * - `broken-override`: an override of an Application's source that is not YAML
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
  | 'empty'
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
  | 'patched-release'
  | 'several-values'
  | 'broken-override'

export interface EnvironmentRefusal {
  readonly code: RefusalCode
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** The text in the file that is the reason, as written there. Empty if the reason is the whole file. */
  readonly entry: string
}
