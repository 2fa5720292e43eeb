import { CONFIG_IS_THERE, initWords } from '../../core/message/onboarding/proposed-config.ts'
import { WORK_TREE } from '../../ports/checkout.ts'
import { initCheckout } from '../../flows/checkout/init-checkout.ts'
import { openTools } from './checkout.ts'
import { type CliCall, type CliResult, printed, printRefusal } from './cli-call.ts'

/** Writes a first config. */
export async function init(call: CliCall): Promise<CliResult> {
  const isDry = call.options.dryRun === true
  const done = await initCheckout(openTools(call), { here: WORK_TREE, isDry })
  if (done.ok) return printed(0, initWords(done.value, { isDry }))
  return done.error === 'is-there' ? printed(1, '', CONFIG_IS_THERE) : printRefusal(done.error, call.options)
}
