import type { OverrideRecord } from '../command/outcome.ts'
import type { Comment, Sha } from '../rollout/facts.ts'
import { answeredIn } from './comment.ts'
import { isOverridable } from '../gate/names.ts'
import type { Override } from '../gate/gate.ts'

/** The fields that the seal of an override covers. */
export function sealedText({ gate, by, reason }: Override, sha: Sha): string {
  return [gate, sha, by, reason].map((part) => encodeURIComponent(part.toWellFormed())).join(':')
}

/** Stores an override in Perch's answer, with its seal. */
export function overrideMarker({ seal, sha, ...override }: OverrideRecord): string {
  return `<!-- perch:override:${sealedText(override, sha)}:${seal} -->`
}

const OVERRIDE = /^<!-- perch:override:(([a-z]+):([0-9a-f]{40}):([^: ]*):([^: ]*)):([^: ]+) -->$/gm

/** The overrides of maintainers for a head commit. They count only in Perch's own answers, and only with the right seal. */
export function overridesIn(
  comments: readonly Comment[],
  head: Sha,
  sealOf: (text: string) => string,
): readonly Override[] {
  return comments
    .filter(({ isOurs, isEdited, body }) => isOurs && !isEdited && answeredIn(body) !== undefined)
    .flatMap(({ body }) => [...body.matchAll(OVERRIDE)])
    .flatMap(([, text = '', gate = '', sha, by = '', reason = '', seal]): Override[] => {
      // GitHub rounds the time of an edit to seconds, so `isEdited` misses an edit within the first second. The seal does not.
      const isGenuine = sha === head && seal === sealOf(text)
      if (!isGenuine || !isOverridable(gate)) return []
      return [{ gate, by: decodeURIComponent(by), reason: decodeURIComponent(reason) }]
    })
}
