import { abortRollouts } from './handlers/abort-rollouts.ts'
import { carryConfiguration } from './handlers/carry-configuration.ts'
import { changePlan } from './handlers/change-plan.ts'
import { changeShare } from './handlers/change-share.ts'
import type { Handlers } from './handlers/command-request.ts'
import { passGate } from './handlers/pass-gate.ts'
import { lookAgain, showHelp, showReview, showStatus } from './handlers/show.ts'
import { freezeEnvironment, holdRollouts, resumeRollouts, unfreezeEnvironment } from './handlers/stop-commands.ts'

/** The handler of each command in `src/core/command/commands.ts`. */
export const HANDLERS: Handlers = {
  set: changeShare,
  next: changeShare,
  promote: changeShare,
  switch: changeShare,
  plan: changePlan,
  hold: holdRollouts,
  resume: resumeRollouts,
  abort: abortRollouts,
  status: showStatus,
  why: showReview,
  diff: showReview,
  retry: lookAgain,
  override: passGate,
  carry: carryConfiguration,
  freeze: freezeEnvironment,
  unfreeze: unfreezeEnvironment,
  help: showHelp,
}
