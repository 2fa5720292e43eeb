/** What the stories about changed files have in common. */
import { checksOn, type Story } from '../world.ts'

/** Opens a pull request with other files, and resolves to what its checks conclude and say. */
export async function judged(
  story: Story,
  files: Readonly<Record<string, string | null>>,
): Promise<{ readonly validate: string; readonly gate: string; readonly words: string }> {
  const { number } = story.person('alice').openPullRequest({ branch: 'change', title: 'change', files })
  const { sha } = story.repository().pull(number).head
  const isDone = (): boolean => {
    const { validate, gate } = checksOn(story.repository(), sha)
    return [validate, gate].every((one) => ['success', 'failure', 'action_required'].includes(one))
  }
  await story.until('both checks', isDone)
  const runs = story.repository().checkRuns(sha)
  return { ...checksOn(story.repository(), sha), words: runs.map(({ summary }) => summary).join('\n') }
}
