import { verdictsOf } from '../../../core/gate/review.ts'
import { type Outcome, refused } from '../../../core/command/outcome.ts'
import { sealedText } from '../../../core/marker/override.ts'
import { isStacked } from '../../repository/pull-ends.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { CommandRequest } from './command-request.ts'
import { ageOfHead } from '../../repository/head-age.ts'

/**
 * Overrides a gate for one commit, which the author must have been able to see. If the gate already passes, or does not apply to
 * this pull request, the command is a mistake, and refused.
 */
export async function passGate(
  context: RepositoryContext,
  { command: { gate, reason }, subject, by }: CommandRequest<'override'>,
): Promise<Outcome> {
  const { pull, judgedFor, look } = subject
  if (isStacked(subject)) return refused({ code: 'override-not-deployed', base: pull.base.ref, judgedFor })
  const head = pull.head.sha
  const age = await ageOfHead(context, pull, { head, comment: { createdAt: by.at } })
  if (age !== 'seen') return refused({ code: 'head-not-seen', head, age })
  const verdicts = verdictsOf(await look(head))
  const open = [...new Set(verdicts.filter(({ state }) => state !== 'pass').map((verdict) => verdict.gate))]
  if (!open.includes(gate)) return refused({ code: 'gate-not-waiting', gate, open })
  const passed = { gate, by: by.login, reason }
  return { code: 'overridden', record: { ...passed, sha: head, seal: context.seal(sealedText(passed, head)) } }
}
