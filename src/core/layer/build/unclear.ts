import type { Location } from '../../manifest/parse.ts'

/**
 * `selector`: only kustomize can tell whether a patch selects the object · `patch`: only kustomize can tell what it does ·
 * `replacement`: the weights are copied from somewhere else · `twice`: the environment builds the object in two ways · `schema`:
 * a schema says how a patch is merged · `transformer`: a transformer may write any field · `variable`: a field contains a
 * variable · `chart`: a chart renders the object from values, and it is unknown which value sets the field · `deployers`: several
 * deployers deploy the environment, and one of them sets the weights itself.
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
