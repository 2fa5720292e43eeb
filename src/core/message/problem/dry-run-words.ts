/** What an API server says to a dry run, and why it says nothing. */
import { RETRY_MINUTES } from '../../gate/review.ts'
import { type DryRunGapCode, MAX_DRY_RUN_OBJECTS } from '../../policy/dry-run.ts'
import type { KubeconfigFault } from '../../policy/remark.ts'
import type { ToolCause } from '../../problem/problem.ts'
import { code, plainText } from '../markdown/markdown.ts'
import { HARMLESS, type ProblemWords, saidSentence } from './problem-words.ts'

const OUT = 'take `dry-run` out of `.github/canary.yml` on the base branch'
const LEFT_OUT = 'name its kind below `ignore`'
const AGAIN = 'write `/canary retry`'
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
        next: `Correct it, or have what refuses it changed on the API server first and ${AGAIN}.`,
      }
    : { what: `The API server warns about ${where}: ${said}`, next: HARMLESS }
}

/** Why an object has no verdict. */
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
        what: `The API server does not have the kind of ${where}, so it could not be asked about it.`,
        next: `Have the CustomResourceDefinition applied there first and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'no-namespace':
      return {
        what: `The API server does not have the namespace ${code(text)}, so it could not be asked about ${where}.`,
        next: `Have the namespace created there first and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'secret':
      return { what: `The API server was not asked about ${where}: Perch sends Secrets nowhere.`, next: HARMLESS }
    case 'secret-copy':
      return {
        what: `${where} repeats a value of a Secret, so Perch did not send it to the API server.`,
        next: `Have it refer to the Secret instead, or ${LEFT_OUT}.`,
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
        next: `Have the webhook declare that it has no side effects (\`sideEffects: None\`) and ${AGAIN}, or ${LEFT_OUT}.`,
      }
    case 'not-answered':
      return {
        what: `The API server gave no verdict on ${where}: ${said}`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}.`,
      }
  }
}

/** Why the API server was not asked at all. */
export function dryRunFailureWords({
  failure,
  environment,
}: Pick<Extract<ToolCause, { kind: 'tool-failure' }>, 'failure' | 'environment'>): ProblemWords {
  const on = environment === undefined ? '' : ` for environment ${code(environment)}`
  switch (failure.code) {
    case 'missing':
      return {
        what: `\`.github/canary.yml\` asks for \`dry-run\`, and no API server for that is named where Perch runs.`,
        next: `Ask the operator of Perch to set ${VARIABLE}, or ${OUT}.`,
      }
    case 'fork':
      return {
        what: `This pull request comes from a fork, so Perch did not ask the API server${on}.`,
        next: 'Have somebody with write access push the branch to this repository, open a pull request from there, and close this one.',
      }
    case 'unreachable':
      return {
        what: `The API server could not be reached${on}${failure.detail === '' ? '' : ` (${plainText(failure.detail)})`}.`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}.`,
      }
    case 'unauthorized':
      return {
        what: `The API server did not accept the credentials of Perch, so it could not be asked${on}.`,
        next: `Ask the operator of Perch to renew them in the file that ${VARIABLE} names, and ${AGAIN}.`,
      }
    case 'too-many':
      return {
        what: `${plainText(failure.detail)} objects change${environment === undefined ? '' : ` in environment ${code(environment)}`}, and Perch asks an API server about ${MAX_DRY_RUN_OBJECTS} at most.`,
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
        what: `The API server's answer${on} could not be read${failure.detail === '' ? '' : `: ${code(failure.detail)}`}.`,
        next: `Perch asks it again in ${RETRY_MINUTES} minutes; to ask sooner, ${AGAIN}.`,
      }
  }
}

/** What can be done where the operator's kubeconfig cannot be used. */
export const KUBECONFIG_STEP = `Ask the operator of Perch to correct the file that ${VARIABLE} names, or ${OUT}.`

/** Why the operator's kubeconfig cannot be used. */
export function kubeconfigReason(fault: KubeconfigFault): string {
  switch (fault) {
    case 'no-kubeconfig':
      return `the kubeconfig that ${VARIABLE} names, or a file that it names, cannot be read.`
    case 'not-a-kubeconfig':
      return `the file that ${VARIABLE} names is not a kubeconfig with a current context, its cluster and its user.`
    case 'runs-program':
      return 'its kubeconfig signs in with a program, and Perch starts none for that.'
    case 'not-verified':
      return "its kubeconfig has no `https` address, or leaves the server's certificate unchecked."
    case 'not-supported':
      return 'its kubeconfig asks for a proxy, for the name of another user or for a password, which Perch does not support.'
  }
}
