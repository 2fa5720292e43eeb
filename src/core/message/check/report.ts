import type { Report } from '../../report/report.ts'
import { titleText } from '../../text/inert.ts'
import { code } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'

/** The words of the check run that stores a report. */
export function reportWords(report: Report): { readonly title: string; readonly summary: string } {
  const { name, state, at, reason, teller } = report
  const isGood = state === 'success'
  const why = reason === '' ? '' : ` (${code(reason)})`
  const next = isGood
    ? 'Perch checks the steps that wait for it again.'
    : 'Fix it there, or comment `/canary abort` on the step. The next successful report replaces this one.'
  return {
    title: titleText(reason === '' ? (isGood ? 'Applied' : 'Failed') : reason),
    summary: `${code(teller)} said at ${time(at)} that ${code(name)} ${isGood ? 'has applied this commit' : 'has failed on this commit'}${why}. Perch stores that here for \`live: { report: … }\` in \`.github/canary.yml\`. ${next}`,
  }
}
