import type { OverrideRecord } from '../command/outcome.ts'
import type { Comment, Sha } from '../rollout/facts.ts'
import { answeredIn } from './comment.ts'
import { isOverridable } from '../gate/names.ts'
import type { Override } from '../gate/gate.ts'

/** The fields that the seal of an override covers. */
export function sealedText({ gate, by, reason }: Override, sha: Sha): string {
  return [gate, sha, by, reason].map((part) => encodeURIComponent(part.toWellFormed())).join(':')
}

/** Keeps an override in our answer, with the seal that we gave it. */
export function overrideMarker({ seal, sha, ...override }: OverrideRecord): string {
  return `<!-- perch:override:${sealedText(override, sha)}:${seal} -->`
}

const OVERRIDE = /^<!-- perch:override:(([a-z]+):([0-9a-f]{40}):([^: ]*):([^: ]*)):([^: ]+) -->$/gm

/** What maintainers have passed for a head commit: only in our own answers, and only with the seal that we gave them. */
export function overridesIn(
  comments: readonly Comment[],
  head: Sha,
  sealOf: (text: string) => string,
): readonly Override[] {
  return comments
    .filter(({ isOurs, isEdited, body }) => isOurs && !isEdited && answeredIn(body) !== undefined)
    .flatMap(({ body }) => [...body.matchAll(OVERRIDE)])
    .flatMap(([, text = '', gate = '', sha, by = '', reason = '', seal]): Override[] => {
      // GitHub dates edits to whole seconds, so one that comes at once does not show.
      const isGenuine = sha === head && seal === sealOf(text)
      if (!isGenuine || !isOverridable(gate)) return []
      return [{ gate, by: decodeURIComponent(by), reason: decodeURIComponent(reason) }]
    })
}
