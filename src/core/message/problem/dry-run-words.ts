/** The words for the answers of an API server to dry runs, and for dry runs without an answer. */
import { RETRY_MINUTES } from '../../gate/review.ts'
import { type DryRunGapCode, MAX_DRY_RUN_OBJECTS } from '../../policy/dry-run.ts'
import type { KubeconfigFault } from '../../policy/remark.ts'
import type { ToolCause } from '../../problem/problem.ts'
import { code, plainText } from '../markdown/markdown.ts'
import { HARMLESS, type ProblemWords, saidSentence } from './problem-words.ts'

const OUT = 'remove `dry-run` from `.github/canary.yml` on the base branch'
const LEFT_OUT = 'list its kind in `ignore`'
const AGAIN = 'comment `/canary retry`'
const VARIABLE = '`DRY_RUN_KUBECONFIG`'

/** `where`: the object and its environment. `said`: a sentence of the API server. */
export function dryRunRemarkWords({
  level,
  where,
  said,
}: {
  readonly level: 'error' | 'warning'
  readonly where: string
  readonly said: string
}): ProblemWords {
  return level === 'error'
    ? {
        what: `The API server would refuse ${where}: ${said}`,
        next: `Correct it. Or change the rule on the API server first, and ${AGAIN}.`,
      }
    : { what: `The API server warns about ${where}: ${said}`, next: HARMLESS }
}

/** Why there is no verdict on an object. */
export function dryRunGapWords({
  gap,
  text,
  environment,
  title,
}: Extract<ToolCause, { kind: 'dry-run-gap' }>): ProblemWords {
  const where = `${code(title)} in ${code(environment)}`
  switch (gap) {
    case 'no-kind':
      return {
        what: `The API server does not have the kind of ${where}, so Perch could not make a dry run of it.`,
        next: `Apply the CustomResourceDefinition there first and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'no-namespace':
      return {
        what: `The API server does not have the namespace ${code(text)}, so Perch could not make a dry run of ${where}.`,
        next: `Create the namespace there first and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'secret':
      return { what: `Perch made no dry run of ${where}, because it never sends Secrets.`, next: HARMLESS }
    case 'secret-copy':
      return {
        what: `${where} repeats a value of a Secret, so Perch did not send it to the API server.`,
        next: `Refer to the Secret instead, or ${LEFT_OUT}.`,
      }
    case 'not-allowed':
    case 'no-dry-run':
    case 'not-answered':
      return refusedGapWords(gap, where, saidSentence(text))
  }
}

function refusedGapWords(
  gap: Extract<DryRunGapCode, 'not-allowed' | 'no-dry-run' | 'not-answered'>,
  where: string,
  said: string,
): ProblemWords {
  switch (gap) {
    case 'not-allowed':
      return {
        what: `The API server does not let Perch make a dry run of ${where}: ${said}`,
        next: `Ask the operator of Perch to add the kind to the role for dry runs and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'no-dry-run':
      return {
        what: `The API server cannot make a dry run of ${where}: ${said}`,
        next: `Declare on the webhook that it has no side effects (\`sideEffects: None\`) and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'not-answered':
      return {
        what: `The API server gave no verdict on ${where}: ${said}`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}.`,
      }
  }
}

/** Why there was no dry run at all. */
export function dryRunFailureWords({
  failure,
  environment,
}: Pick<Extract<ToolCause, { kind: 'tool-failure' }>, 'failure' | 'environment'>): ProblemWords {
  const on = environment === undefined ? '' : ` for environment ${code(environment)}`
  switch (failure.code) {
    case 'missing':
      return {
        what: '`.github/canary.yml` asks for `dry-run`, but Perch was started without an API server for dry runs.',
        next: `Ask the operator of Perch to set ${VARIABLE}, or ${OUT}.`,
      }
    case 'fork':
      return {
        what: `This pull request comes from a fork, so Perch did not ask the API server${on}.`,
        next: 'Ask somebody with write access to push the branch to this repository, open a pull request from there, and close this one.',
      }
    case 'unreachable':
      return {
        what: `The API server could not be reached${on}${failure.detail === '' ? '' : ` (${plainText(failure.detail)})`}.`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}.`,
      }
    case 'unauthorized':
      return {
        what: `The API server did not accept the credentials of Perch, so Perch could not ask it${on}.`,
        next: `Ask the operator of Perch to renew them in the file that ${VARIABLE} names, and ${AGAIN}.`,
      }
    case 'too-many':
      return {
        what: `${plainText(failure.detail)} objects change${environment === undefined ? '' : ` in environment ${code(environment)}`}, but Perch makes at most ${MAX_DRY_RUN_OBJECTS} dry runs for an environment.`,
        next: `Split the pull request, or ${OUT}.`,
      }
    case 'busy':
    case 'timed-out':
      return {
        what: `The API server did not answer in time${on}.`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}, or split the pull request.`,
      }
    case 'too-large':
    case 'failed':
      return {
        what: `Perch could not read the API server's answer${on}${failure.detail === '' ? '' : `: ${code(failure.detail)}`}.`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}.`,
      }
  }
}

/** What to do if Perch cannot use the operator's kubeconfig. */
export const KUBECONFIG_STEP = `Ask the operator of Perch to correct the file that ${VARIABLE} names, or ${OUT}.`

/** Why Perch cannot use the operator's kubeconfig. */
export function kubeconfigReason(fault: KubeconfigFault): string {
  switch (fault) {
    case 'no-kubeconfig':
      return `Perch cannot read the kubeconfig that ${VARIABLE} names, or a file that it refers to.`
    case 'not-a-kubeconfig':
      return `the file that ${VARIABLE} names is not a kubeconfig with a current context, its cluster and its user.`
    case 'runs-program':
      return 'its kubeconfig signs in with a program, and Perch does not start such programs.'
    case 'not-verified':
      return "its kubeconfig has no `https` address, or skips the verification of the server's certificate."
    case 'not-supported':
      return 'its kubeconfig needs a proxy, impersonation or a password, which Perch does not support.'
  }
}
