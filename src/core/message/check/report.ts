import type { Report } from '../../report/report.ts'
import { titleText } from '../../text/inert.ts'
import { code } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'

/** What the check run that keeps a report says. */
export function reportWords(report: Report): { readonly title: string; readonly summary: string } {
  const { name, state, at, reason, teller } = report
  const isGood = state === 'success'
  const why = reason === '' ? '' : ` (${code(reason)})`
  const next = isGood
    ? 'Perch looks again at the steps that wait for it.'
    : 'Fix it there, or comment `/canary abort` on the step. The next report that it is applied takes this back.'
  return {
    title: titleText(reason === '' ? (isGood ? 'Applied' : 'Failed') : reason),
    summary: `${code(teller)} said at ${time(at)} that ${code(name)} ${isGood ? 'has applied this commit' : 'has failed on this commit'}${why}. Perch keeps that here for \`live: { report: … }\` in \`.github/canary.yml\`. ${next}`,
  }
}
