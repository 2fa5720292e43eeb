/** Server-side dry runs: which objects Perch sends to an API server, and the results for objects without a verdict. */
import { repeatsSecret } from '../diff/mask.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { hasSecret } from '../diff/secret-texts.ts'
import { identityKey, isOfKind } from '../manifest/identity.ts'
import type { ObjectRemark, ToolFailure } from './remark.ts'

/** Why there is no verdict on an object. */
export type DryRunGapCode =
  /** The API server does not have its kind. */
  | 'no-kind'
  /** `text`: the name of the missing namespace. */
  | 'no-namespace'
  /** The user of the credentials has no permission for it. */
  | 'not-allowed'
  /** A webhook, or the API server itself, does not support dry runs for it. */
  | 'no-dry-run'
  /** The API server answered with an error of its own or of a webhook. */
  | 'not-answered'
  /** It repeats a value of a Secret, so it was not sent. */
  | 'secret-copy'
  /** It contains a Secret, so it was not sent. */
  | 'secret'

export interface DryRunGap {
  readonly code: DryRunGapCode
  /** The index of the object in the given list, from 0. */
  readonly object: number
  /** The message of the API server. Empty if the code says everything. */
  readonly text: string
}

export type DryRunResult =
  | { readonly ok: true; readonly remarks: readonly ObjectRemark[]; readonly gaps: readonly DryRunGap[] }
  | { readonly ok: false; readonly failure: ToolFailure }

/** The maximum number of objects of one environment. 15 seconds are enough for so many. */
export const MAX_DRY_RUN_OBJECTS = 400

export interface DryRunInput {
  readonly before: readonly RenderedObject[]
  readonly after: readonly RenderedObject[]
  /** Kinds that the config leaves out. */
  readonly ignore: readonly string[]
}

/** Why an object must not be sent anywhere. Undefined if it may be. */
export type Withholder = (object: RenderedObject) => 'secret' | 'secret-copy' | undefined

/** Decides which objects of an environment Perch never sends. `secrets`: the kinds that contain secrets according to the config. */
export function withholder(objects: readonly RenderedObject[], secrets: readonly string[]): Withholder {
  const isCopy = repeatsSecret(objects, secrets)
  return (object) => {
    if (hasSecret(object.data, secrets)) return 'secret'
    return isCopy(object) ? 'secret-copy' : undefined
  }
}

/** The objects to send to the API server, and those that are withheld, as indexes in `after`. */
export interface DryRunPlan {
  readonly asked: readonly number[]
  readonly withheld: readonly DryRunGap[]
}

/** Selects objects that are added or changed and that contain no secret. */
export function planDryRun({ before, after, ignore }: DryRunInput, withheldFor: Withholder): DryRunPlan {
  const old = new Map(before.map((object) => [identityKey(object), JSON.stringify(object.data)]))
  const changed = after.flatMap((object, index) => {
    const isSame = old.get(identityKey(object)) === JSON.stringify(object.data)
    return isSame || ignore.some((written) => isOfKind(object, written)) ? [] : [{ code: withheldFor(object), index }]
  })
  return {
    asked: changed.flatMap(({ code, index }) => (code === undefined ? [index] : [])),
    withheld: changed.flatMap(({ code, index }) => (code === undefined ? [] : [{ code, object: index, text: '' }])),
  }
}
