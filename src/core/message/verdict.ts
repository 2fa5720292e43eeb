import { formatDuration } from '../config/duration.ts'
import type { Verdict } from '../gate/gate.ts'
import type { Liveness } from '../gate/live.ts'
import { code, percent, plainText } from './markdown.ts'

const MARKS = { pass: '✅', wait: '⏳', block: '⛔' } as const

/** One gate as a line of a list. */
export function verdictLine(verdict: Verdict): string {
  return `${MARKS[verdict.state]} **${verdict.gate}** ${code(verdict.target)}: ${sentence(verdict)}`
}

/** What a gate says and, where it does not pass, what comes next. Times are UTC, so that an unchanged state has unchanged words. */
export function sentence({ reason }: Verdict): string {
  switch (reason.code) {
    case 'live':
      return liveSentence(reason.liveness)
    case 'baking':
      return `must stay live for ${formatDuration(reason.bakeMs)}, from ${time(reason.since)} until ${time(reason.until)}.`
    case 'not-live-yet':
      return 'starts when the step on the base branch is live.'
    case 'canary-swapped':
      return `the canary has ${percent(reason.share)} of the traffic, and this would make it another version at once. Roll back first (\`/canary abort\`, or \`/canary 0\` here), then start the new version at the first step.`
    case 'unchecked':
      return `the config asks for ${code(reason.what)}, which this version of Perch cannot check. Take it out of \`.github/canary.yml\` to go on without it.`
  }
}

function liveSentence(liveness: Liveness): string {
  switch (liveness.state) {
    case 'live':
      return liveness.by === 'status'
        ? `live since ${time(liveness.since)}, says the commit status ${code(liveness.context)}.`
        : `taken as live since ${time(liveness.since)}: a timer, because the config names no status (weak).`
    case 'not-yet':
      return liveness.waitsFor === 'status'
        ? `waits for a successful commit status ${code(liveness.pattern)} on the base branch.`
        : `taken as live at ${time(liveness.until)}: a timer, because the config names no status (weak).`
    case 'failed':
      return `the commit status ${code(liveness.context)} failed: ${plainText(liveness.description) || 'without a description'}. Fix it, or comment \`/canary abort\`.`
  }
}

/** `2026-11-20 17:30:05 UTC`. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
