import { startCommand } from '../../arrival/start-command.ts'
import { CONFIG_FILE } from '../../config/read.ts'
import { standingOf } from '../../rollout/standing.ts'
import { isBlueGreen, type Target, targetName } from '../../rollout/target.ts'
import { fitLines } from '../../text/limits.ts'
import { counted } from '../comment/traffic.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, paragraphs, percent, table } from '../markdown/markdown.ts'
import { type ConfigProposal, rolloutsIn, untold } from './proposed-config.ts'

export const ONBOARDING_TITLE = 'Set up Perch'

export function onboardingCommit(): { readonly headline: string; readonly body: string } {
  return {
    headline: ONBOARDING_TITLE,
    body: `What Perch found in this repository, as ${CONFIG_FILE}. Today Perch does the same without this file.`,
  }
}

/** More nobody reads here: the file has them. */
const MAX_ROWS = 30
const ROOM_UNTOLD = 20_000

/** What the owners of a repository decide from whether they want a config. */
export function onboardingBody(proposal: ConfigProposal): string {
  const { snapshot } = proposal
  const rollouts = rolloutsIn(snapshot)
  const found = `${counted(rollouts.length, 'rollout')} in ${counted(snapshot.environments.length, 'environment')}`
  return bounded(
    paragraphs(
      `Perch found **${found}** here. Merge this to have a config to edit, or close it: today Perch does the same without the file.`,
      foundTable(rollouts),
      ownedWords(proposal),
      untoldWords(proposal),
      choices(proposal),
      firstCanary(rollouts),
    ),
  )
}

function foundTable(rollouts: readonly Target[]): string {
  const rows = rollouts
    .slice(0, MAX_ROWS)
    .map((target) => [code(target.environment), code(target.service), now(target)])
  const left = rollouts.length - rows.length
  return paragraphs(
    table(['Environment', 'Service', 'Canary'], rows),
    left > 0 ? `And ${left} more, which the file lists.` : undefined,
  )
}

function now(target: Target): string {
  if (isBlueGreen(target)) return 'blue/green'
  const { share } = standingOf(target)
  return share === 'unknown' ? 'not readable' : percent(share)
}

/** What Perch leaves to controllers in the cluster. */
function ownedWords({ snapshot }: ConfigProposal): string | undefined {
  const count = snapshot.targets.filter(({ owner }) => owner !== undefined).length
  if (count === 0) return undefined
  return `Controllers in the cluster move ${counted(count, 'other rollout')}. Perch leaves their weights alone; the file names them.`
}

function untoldWords({ snapshot }: ConfigProposal): string | undefined {
  const lines = untold(snapshot).map(({ name, words }) => {
    return `- ${name === undefined ? '' : `${code(name)}: `}${words.replaceAll(/\s+/g, ' ')}`
  })
  if (lines.length === 0) return undefined
  const shown = fitLines(lines, ROOM_UNTOLD, (left) => `- … and ${left} more: \`perch init --dry-run\` on a checkout.`)
  return paragraphs('**What Perch could not tell**', shown.join('\n'))
}

function choices({ written }: ConfigProposal): string {
  const names = written.hasEnvironments
    ? ' It names the environments, so a new one has to be added to it later.'
    : ' Names stand in it as comments where they would change what Perch finds.'
  const lines = [
    `**Merge** it to have \`${CONFIG_FILE}\`, in which you can change steps, approvals and analysis. By itself the file changes nothing today.${names}`,
    '**Close** it if you want no file. Perch works without one, and opens no such pull request here again. `perch init` on a checkout writes the same file.',
    "**Switch Perch off** by taking this repository out of the App's installation (the owner's settings → GitHub Apps → Configure → Repository access). If `canary/validate` and `canary/gate` are required here, end that first: nobody would report them any more.",
  ]
  return paragraphs('**What you can do**', lines.map((line) => `- ${line}`).join('\n'))
}

/** The next step, for a rollout that can begin now. */
function firstCanary(rollouts: readonly Target[]): string {
  const target = rollouts.find((one) => !isBlueGreen(one) && standingOf(one).share === 0)
  const next =
    target === undefined
      ? 'Open any pull request and comment `/canary status` there: it says where each rollout is and what comes next.'
      : `Open a pull request that brings a new version of the canary of ${code(targetName(target))}, and comment ${code(startCommand({ target }))} there.`
  return paragraphs(
    '**Your next step**',
    `${next} Until \`canary/validate\` and \`canary/gate\` are required on the branch, they hold no merge.`,
  )
}
