import { startCommand } from '../../arrival/start-command.ts'
import { CONFIG_FILE } from '../../config/read.ts'
import { standingOf } from '../../rollout/standing.ts'
import { isBlueGreen, type Target, targetName } from '../../rollout/target.ts'
import { fitLines } from '../../text/limits.ts'
import { counted } from '../markdown/lists.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, paragraphs, percent, table } from '../markdown/markdown.ts'
import { type ConfigProposal, rolloutsIn, unnamedIn, untold } from './proposed-config.ts'

export const ONBOARDING_TITLE = 'Set up Perch'

export function onboardingCommit(): { readonly headline: string; readonly body: string } {
  return {
    headline: ONBOARDING_TITLE,
    body: `What Perch found in this repository, as ${CONFIG_FILE}. At first Perch behaves the same without this file.`,
  }
}

/** Nobody reads more here, and the file has the rest. */
const MAX_ROWS = 30
const ROOM_UNTOLD = 20_000

/** The body of the pull request, from which the owners of a repository decide whether they want a config. */
export function onboardingBody(proposal: ConfigProposal): string {
  const { snapshot } = proposal
  const rollouts = rolloutsIn(snapshot)
  const unnamed = unnamedIn(snapshot).length
  const names = unnamed === 0 ? '' : `, and ${counted(unnamed, 'route')} whose canary has no name that says so`
  const found = `${counted(rollouts.length, 'rollout')} in ${counted(snapshot.environments.length, 'environment')}${names}`
  return bounded(
    paragraphs(
      `Perch found **${found}** here. Merge this if you want a config to edit, or close it: at first Perch behaves the same without the file.`,
      foundTable(rollouts),
      ownedWords(proposal),
      untoldWords(proposal),
      choices(proposal),
      nextStep(rollouts, unnamed),
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
  return `Controllers in the cluster move ${counted(count, 'other rollout')}. Perch leaves their weights alone. The file names them.`
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
    ? ' It lists the environments, so you have to add new ones to it later.'
    : ' Names that would change what Perch finds are only comments in it.'
  const lines = [
    `**Merge** it if you want \`${CONFIG_FILE}\`, in which you can set steps, approvals and analysis. As it is, the file changes nothing.${names}`,
    '**Close** it if you want no file. Perch works without one, and does not open such a pull request here again. `perch init` on a checkout writes the same file.',
    "**Turn Perch off**: remove this repository from the App's installation (the owner's settings → GitHub Apps → Configure → Repository access). If `canary/validate` and `canary/gate` are required here, remove that requirement first, because nobody would report them any more.",
  ]
  return paragraphs('**What you can do**', lines.map((line) => `- ${line}`).join('\n'))
}

function nextStep(rollouts: readonly Target[], unnamed: number): string {
  return paragraphs(
    '**Your next step**',
    `${nextWords(rollouts, unnamed)} As long as \`canary/validate\` and \`canary/gate\` are not required on the branch, they do not hold a merge.`,
  )
}

/** What to do so that a rollout can begin: now, or after the names of its destinations are known. */
function nextWords(rollouts: readonly Target[], unnamed: number): string {
  if (rollouts.length === 0 && unnamed > 0)
    return 'On the branch of this pull request, write into the file which destination is stable and which is the canary, and merge it.'
  const target = rollouts.find((one) => !isBlueGreen(one) && standingOf(one).share === 0)
  return target === undefined
    ? 'Open any pull request and comment `/canary status` there. The answer shows where each rollout is and what comes next.'
    : `Open a pull request that brings a new version of the canary of ${code(targetName(target))}, and comment ${code(startCommand({ target }))} there.`
}
