import type { Location } from '../../manifest/parse.ts'

/**
 * `selector`: only kustomize can tell whether a patch is for the object · `patch`: only kustomize can tell what it does ·
 * `replacement`: the weights are copied from somewhere else · `twice`: the environment builds the object in two ways ·
 * `schema`: a schema says how a patch is merged · `transformer`: one may write any field · `variable`: a field holds one ·
 * `chart`: a chart makes the object of values, and none is known that says what is to be said ·
 * `deployers`: several deploy the environment, and one of them sets the weights itself.
 */
export type Unclear = Location & {
  readonly why:
    | 'selector'
    | 'patch'
    | 'replacement'
    | 'twice'
    | 'schema'
    | 'transformer'
    | 'variable'
    | 'chart'
    | 'deployers'
}
