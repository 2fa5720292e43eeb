/** Shared parts of the stories about commands. */
import { aStory, checksOn, FAST, gitops, type Story, VS } from '../world.ts'

/** GitHub's times are whole seconds, so a later event must be at least a second later. */
const A_SECOND = 1_100

function open(story: Story, branch: string): { readonly number: number; readonly head: { readonly sha: string } } {
  const text = `${story.repository().file(VS) ?? ''}# ${branch}\n`
  return story.person('alice').openPullRequest({ branch, title: branch, files: { [VS]: text } })
}

export async function openReviewed(story: Story, branch: string): Promise<number> {
  const pull = open(story, branch)
  await story.until('checks', () => checksOn(story.repository(), pull.head.sha).gate === 'success')
  await story.pass(A_SECOND)
  return pull.number
}

function answerTo(story: Story, pull: number, comment: number): string | undefined {
  const found = story
    .repository()
    .comments(pull)
    .find(({ body }) => body.includes(`perch:answer:${comment} `))
  return found?.body.replace(/^<!--.*-->\n+/, '')
}

export async function say(story: Story, who: string, text: string, pull: number): Promise<string> {
  const { id } = story.person(who).comment(pull, text)
  return story.until(`an answer to ${text}`, () => answerTo(story, pull, id))
}

/** The same, without the command that the answer repeats. */
export async function ask(story: Story, who: string, text: string, pull: number): Promise<string> {
  return (await say(story, who, text, pull)).replace(/^> .*\n+/, '')
}

/** A rollout at 25% with an open step to 100%. */
export async function aRollout(options: Parameters<typeof aStory>[0] = {}): Promise<Story & { readonly step: number }> {
  const story = await aStory({ ...options, files: gitops(FAST, [75, 25]) })
  story.person('alice').push('main', { 'docs/begin.md': 'x\n' })
  const step = await story.until('the step', () =>
    story
      .repository()
      .pulls('open')
      .find(({ head }) => head.ref === 'canary/production/api-service/100'),
  )
  await story.until('its gate', () => checksOn(story.repository(), step.head.sha).gate === 'action_required')
  await story.pass(A_SECOND)
  return { ...story, step: step.number }
}
