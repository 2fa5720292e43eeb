import { readCommand } from '../../core/command/commands.ts'
import { promotedText } from '../../core/message/command-line/promoted.ts'
import { promoteInCheckout } from '../../flows/checkout/promote-checkout.ts'
import { misused, notUnderstood, openTools, patchesOf } from './checkout.ts'
import { type CliCall, type CliResult, json, printed, printRefusal } from './cli-call.ts'
import { coloured } from './coloured.ts'

/** Promotes configuration from one environment to another, in the files. */
export async function promote(call: CliCall): Promise<CliResult> {
  const { args, options } = call
  const read = readCommand('carry', args)
  if (!read.ok) return notUnderstood(read.problem)
  if (read.command.name !== 'carry') return misused('promote needs two environments')
  const { from, to, service } = read.command
  const isDry = options.dryRun === true
  const done = await promoteInCheckout(openTools(call), { flow: { from, to, service }, isDry })
  if (!done.ok) return printRefusal(done.error, options)
  const { made, files } = done.value
  if (options.json !== true) return coloured(call, printed(0, promotedText(made, { files, isDry })))
  const { plan, rendered } = made
  const facts = { isWritten: !isDry, changed: patchesOf(files), left: plan.left, rendered }
  return printed(0, json({ from, to, service: service ?? null, ...facts }))
}
