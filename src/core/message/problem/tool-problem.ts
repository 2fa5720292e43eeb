/** The words for the findings of other programs, and for programs that gave no answer. */
import type { FaultCode, ToolName } from '../../policy/remark.ts'
import type { ToolCause } from '../../problem/problem.ts'
import { code, plainText } from '../markdown/markdown.ts'
import {
  dryRunFailureWords,
  dryRunGapWords,
  dryRunRemarkWords,
  KUBECONFIG_STEP,
  kubeconfigReason,
} from './dry-run-words.ts'
import { HARMLESS, type ProblemWords, saidSentence } from './problem-words.ts'

const CONFIG = '`.github/canary.yml`'

export function toolWords(cause: ToolCause): ProblemWords {
  switch (cause.kind) {
    case 'object-remark':
      return objectWords(cause)
    case 'line-remark':
      return lineWords(cause)
    case 'tool-failure':
      return failureWords(cause)
    case 'dry-run-gap':
      return dryRunGapWords(cause)
    case 'tool-fault':
      return faultWords(cause)
  }
}

function objectWords({
  tool,
  remark,
  environment,
  title,
}: Extract<ToolCause, { kind: 'object-remark' }>): ProblemWords {
  const { rule, level } = remark
  const where = `${title === undefined ? '' : `${code(title)} in `}${code(environment)}`
  const said = `${saidSentence(remark.text)}${remark.needsCluster === true ? WITHOUT_CLUSTER : ''}`
  switch (tool) {
    case 'opa': {
      const verb = level === 'error' ? 'refuses' : 'warns about'
      const next = level === 'error' ? 'Change it, or the policy on the base branch first.' : HARMLESS
      return { what: `The policy ${code(rule)} ${verb} ${where}: ${said}`, next }
    }
    case 'kubeconform':
      return {
        what: `${code(tool)}: ${where} does not match its schema: ${said}`,
        next: 'Correct it. If the kind has no schema, add one, or list the kind in `ignore`.',
      }
    case 'kubectl-validate':
      return {
        what: `${code(tool)}: an API server would refuse ${where}: ${said}`,
        next: 'Correct it. If the kind has no schema, add its CRD in the folder `crds`, or list the kind in `ignore`.',
      }
    case 'istioctl':
      return {
        what: `${rule === '' ? '' : `${plainText(rule)}: `}\`istioctl analyze\` about ${where}: ${said}`,
        next: level === 'error' ? 'Correct it, or list the code in `ignore` in the config.' : HARMLESS,
      }
    case 'dry-run':
      return dryRunRemarkWords({ level, where, said })
  }
}

function lineWords({ remark: { rule, text, level } }: Extract<ToolCause, { kind: 'line-remark' }>): ProblemWords {
  const next = level === 'error' ? 'Correct it, or change the rule in `.yamllint` on the base branch.' : HARMLESS
  const name = rule === '' ? '' : ` (${code(rule)})`
  return { what: `\`yamllint\`${name}: ${saidSentence(text)}`, next }
}

/** Follows findings of `istioctl` that only a cluster could confirm. */
const WITHOUT_CLUSTER = ' It did not look into a cluster, which may have what is missing here.'

/** Which part of the config asks for a program. */
const KEYS = {
  opa: 'policy',
  yamllint: 'validators',
  kubeconform: 'validators',
  'kubectl-validate': 'validators',
  istioctl: 'validators',
} as const satisfies Record<Program, string>

const ADDRESSES = {
  opa: 'openpolicyagent.org/docs',
  yamllint: 'yamllint.readthedocs.io',
  kubeconform: 'github.com/yannh/kubeconform',
  'kubectl-validate': 'github.com/kubernetes-sigs/kubectl-validate',
  istioctl: 'istio.io/latest/docs/ops/diagnostic-tools/istioctl',
} as const satisfies Record<Program, string>

type Program = Exclude<ToolName, 'dry-run'>

/** Why a program that the config asks for gave no answer. */
function failureWords({ tool, failure, environment }: Extract<ToolCause, { kind: 'tool-failure' }>): ProblemWords {
  if (tool === 'dry-run') return dryRunFailureWords({ failure, environment })
  const name = code(tool)
  const on = environment === undefined ? '' : ` on environment ${code(environment)}`
  const out = `remove ${code(KEYS[tool] === 'policy' ? 'policy' : tool)} from ${CONFIG} on the base branch`
  switch (failure.code) {
    case 'missing': {
      const old = failure.detail === '' ? 'is not installed' : `is too old (${plainText(failure.detail)})`
      return {
        what: `${CONFIG} asks for ${name}, which ${old} on the machine that Perch runs on.`,
        next: `Ask the operator of Perch to install it (${code(ADDRESSES[tool])}), or ${out}.`,
      }
    }
    case 'busy':
      return {
        what: `${name} did not answer in time: the machine that Perch runs on is busy.`,
        next: 'Comment `/canary retry` to try again.',
      }
    case 'timed-out':
      return { what: `${name} took too long${on} and was stopped.`, next: `Give it less to do, or ${out}.` }
    case 'too-large':
      return {
        what: `${name} used too much memory or printed too much${on}, and was stopped.`,
        next: `Give it less to do, or ${out}.`,
      }
    case 'failed':
      return {
        what: `${name} failed${on}: ${failure.detail === '' ? 'it said nothing.' : code(failure.detail)}`,
        next: `Correct what it complains about, or ${out}.`,
      }
    case 'unreachable':
    case 'unauthorized':
    case 'too-many':
    case 'fork':
      return dryRunFailureWords({ failure, environment })
  }
}

function faultWords({ tool, fault, text, side }: Extract<ToolCause, { kind: 'tool-fault' }>): ProblemWords {
  const own =
    side === 'head'
      ? 'Fix it and push.'
      : 'Fix it on the base branch. Until then Perch cannot check pull requests with it.'
  return {
    what: `${tool === 'opa' ? 'The policy' : code(tool)} cannot be used: ${faultReason(fault, text)}`,
    next: tool === 'dry-run' ? KUBECONFIG_STEP : own,
  }
}

function faultReason(fault: FaultCode, text: string): string {
  switch (fault) {
    case 'said':
      return saidSentence(text)
    case 'link':
      return 'it is a link, not a file of this repository.'
    case 'no-modules':
      return 'there is no `.rego` file below this folder.'
    case 'no-rules':
      return 'it has no rule `deny`, `violation` or `warn` in the selected packages.'
    case 'no-schemas':
      return 'there are no schemas. Set `schemas` to a folder of the repository, or ask the operator of Perch to set `KUBECONFORM_SCHEMAS`.'
    case 'no-crds':
      return 'no YAML file below this folder has a CustomResourceDefinition.'
    case 'no-version':
      return `it includes no schemas of Kubernetes ${code(text)}, and Perch downloads none. Set \`kubernetes\` to another version.`
    case 'too-many':
      return 'it has too many files.'
    case 'too-long':
      return 'its files are larger than Perch reads.'
    case 'not-text':
      return 'it is not a text file.'
    case 'not-a-mapping':
      return 'the file must map names to values.'
    case 'twice':
      return 'another data file sets the same name.'
    case 'reserved':
      return 'the name `perch` is reserved: policies find the whole environment there.'
    case 'not-json':
      return 'it is not valid JSON.'
    case 'not-in-base':
      return `it refers to ${code(text)}, which is not a file of the base branch.`
    case 'reaches-out':
      return `the schema refers to ${text === '' ? 'another place' : code(text)}, and Perch downloads nothing.`
    case 'no-kubeconfig':
    case 'not-a-kubeconfig':
    case 'runs-program':
    case 'not-verified':
    case 'not-supported':
      return kubeconfigReason(fault)
  }
}
