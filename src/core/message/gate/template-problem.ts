/** What is wrong with a template that should be the analysis of a step. */
import { ARGUMENT_VARIABLES } from '../../analysis-template/reading/arguments.ts'
import type { Trouble, ValueType } from '../../analysis-template/expression/trouble.ts'
import type {
  LimitFault,
  LookupProblem,
  SpecProblem,
  TemplateName,
  TemplateProblem,
} from '../../analysis-template/template-problem.ts'
import type { Location } from '../../manifest/parse.ts'
import { clip } from '../../text/limits.ts'
import { code, list } from '../markdown/markdown.ts'
import type { ProblemWords } from '../problem/problem-words.ts'

const CONFIG = '`.github/canary.yml`'

export function templateProblemWords(template: TemplateName, problem: TemplateProblem): ProblemWords {
  if (isLookupProblem(problem)) return lookupWords(template, problem)
  const { what, next } = isArgumentProblem(problem) ? argumentWords(problem) : specWords(problem)
  return { what: `${titleWords(template)} cannot be used as the analysis of a step: ${what}`, next }
}

const LOOKUP_CODES: readonly string[] = [
  'not-found',
  'found-twice',
  'unreadable',
  'unclear',
  'differs',
] satisfies LookupProblem['code'][]

function isLookupProblem(problem: TemplateProblem): problem is LookupProblem {
  return LOOKUP_CODES.includes(problem.code)
}

type ArgumentProblem = Extract<SpecProblem, { code: `argument-${string}` }>

function isArgumentProblem(problem: SpecProblem): problem is ArgumentProblem {
  return problem.code.startsWith('argument-')
}

/** ``AnalysisTemplate `success-rate` ``. */
export function titleWords({ kind, name }: TemplateName): string {
  return `${kind} ${code(name)}`
}

function lookupWords(template: TemplateName, problem: LookupProblem): ProblemWords {
  const title = titleWords(template)
  switch (problem.code) {
    case 'not-found':
      return {
        what: `The config names ${title} as the analysis of a step, but no file of this repository contains it.`,
        next: `Add the template, or correct \`template\` and \`clusterScope\` in ${CONFIG}.`,
      }
    case 'found-twice':
      return {
        what: `Several files contain ${title}, and they differ: ${problem.places.slice(0, MAX_PLACES).map(placeWords).join(', ')}.`,
        next: 'Keep one of them in the namespace of the route, or give them different names.',
      }
    case 'unreadable':
      return {
        what: `${title} may be in ${placeWords(problem.place)}, but Perch cannot read that file.`,
        next: 'Correct the file.',
      }
    case 'unclear':
      return {
        what: `Perch cannot tell what ${title} in ${placeWords(problem.place)} looks like after the build.`,
        next: 'Write it without variables, and without patches that select objects by labels.',
      }
    case 'differs':
      return {
        what: `${title} differs between ${list(problem.environments)}, but these environments share their weights.`,
        next: 'Give them the same template, or weights of their own.',
      }
  }
}

const MAX_PLACES = 5

function placeWords({ file, line }: Location): string {
  return `${code(file)} (line ${line})`
}

const INSTEAD = 'Remove it from the template, or use `checks` instead of `template`.'

function specWords(problem: Exclude<SpecProblem, ArgumentProblem>): ProblemWords {
  switch (problem.code) {
    case 'unsupported':
      return { what: `Perch does not support ${code(problem.place)}.`, next: INSTEAD }
    case 'provider':
      return {
        what: `its metric ${code(problem.metric)} uses the provider ${code(problem.provider)}, but Perch supports only Prometheus.`,
        next: 'Write the metric for `prometheus`, or use `checks` instead of `template`.',
      }
    case 'invalid':
      return { what: `${code(problem.place)} must be ${problem.wanted}.`, next: 'Correct it in the template.' }
    case 'no-metrics':
      return { what: 'it has no metrics.', next: 'Add a metric to it.' }
    case 'many-metrics':
      return {
        what: `it has ${problem.count} metrics, but Perch measures at most ${problem.most}.`,
        next: 'Use a smaller template.',
      }
    case 'same-name':
      return {
        what: `${code(problem.place)} has the same name as another metric, ${code(problem.name)}.`,
        next: 'Give each metric a name of its own.',
      }
    case 'limits':
      return limitWords(problem.metric, problem.why)
    case 'dry-run-unused':
      return {
        what: `${code(problem.place)} names ${code(problem.name)}, but there is no such metric.`,
        next: 'Correct the name, or remove it.',
      }
    case 'too-many':
      return {
        what: `its metric ${code(problem.metric)} would be measured ${problem.points} times in the bake, but Perch measures at most ${problem.most} times.`,
        next: 'Give the metric a longer `interval` or a `count`.',
      }
    case 'unresolved':
      return {
        what: `${code(problem.place)} uses ${code(`{{${problem.what}}}`)}, which is not an argument of the template.`,
        next: 'List the argument under `args` of the template, or correct its name.',
      }
    case 'condition':
      return {
        what: `${code(problem.place)} is ${code(clip(problem.text, MAX_CONDITION))}, and ${troubleWords(problem.trouble)}.`,
        next: 'Correct the condition in the template.',
      }
  }
}

const MAX_CONDITION = 200

function argumentWords(problem: ArgumentProblem): ProblemWords {
  const name = code(problem.name)
  const give = `Give it a value under \`analysis.args\` in ${CONFIG}.`
  switch (problem.code) {
    case 'argument-missing':
      return { what: `its argument ${name} has no value.`, next: give }
    case 'argument-source':
      return {
        what: `its argument ${name} comes from a ${code(problem.source)}, which Perch cannot read.`,
        next: give,
      }
    case 'argument-unknown':
      return {
        what: `it has no argument ${name}${problem.known.length === 0 ? '' : `; it has ${list(problem.known)}`}.`,
        next: `Correct \`analysis.args\` in ${CONFIG}.`,
      }
    case 'argument-variable':
      return {
        what: `the value of its argument ${name} uses ${code(`{{${problem.variable}}}`)}, for which Perch has no plain value.`,
        next: `Write the value itself, or one of ${list(ARGUMENT_VARIABLES.map((one) => `{{${one}}}`))}.`,
      }
  }
}

function limitWords(metric: string, why: LimitFault): ProblemWords {
  const its = `its metric ${code(metric)}`
  switch (why) {
    case 'count-needs-interval':
      return { what: `${its} has a \`count\` above 1 and no \`interval\`.`, next: 'Add an `interval`.' }
    case 'count-too-low':
      return {
        what: `the \`count\` of ${its} is lower than \`inconclusiveLimit\`, or than \`failureLimit\` and \`consecutiveSuccessLimit\` together.`,
        next: 'Raise `count`, or lower a limit.',
      }
    case 'both-disabled':
      return {
        what: `${its} has \`failureLimit: -1\` and no \`consecutiveSuccessLimit\`, so nothing could end it.`,
        next: 'Set one of the two.',
      }
    case 'interval-too-short':
      return { what: `the \`interval\` of ${its} is shorter than a second.`, next: 'Make it longer.' }
    case 'time-too-long':
      return {
        what: `the \`interval\` or \`initialDelay\` of ${its} is longer than 30 days.`,
        next: 'Make it shorter.',
      }
    case 'count-too-high':
      return { what: `the \`count\` of ${its} is above 1,000.`, next: 'Lower it, and make `interval` longer.' }
    case 'query-too-long':
      return { what: `the query of ${its} is longer than 10,000 characters.`, next: 'Make it shorter.' }
  }
}

const TYPE_WORDS = {
  int: 'a whole number',
  float: 'a number',
  number: 'a number',
  text: 'a text',
  truth: 'true or false',
  nil: 'nil',
  any: 'this value',
  numbers: 'a list',
  list: 'a list',
} as const satisfies Record<ValueType, string>

/** Why a condition has no answer, as a part of a sentence. */
export function troubleWords(trouble: Trouble): string {
  switch (trouble.code) {
    case 'too-long':
      return `it is longer than ${trouble.most} characters`
    case 'too-deep':
      return `it is nested more than ${trouble.most} levels deep`
    case 'too-many-steps':
      return `it takes more than ${trouble.most} steps to evaluate`
    case 'syntax':
      return trouble.what === ''
        ? 'it ends too early'
        : `Perch cannot read ${code(trouble.what)} at character ${trouble.at}`
    case 'unsupported':
      return `Perch does not support ${code(trouble.what)} at character ${trouble.at}`
    case 'mismatch':
      return mismatchWords(trouble)
    case 'arguments':
      return `${code(trouble.what)} at character ${trouble.at} has too few or too many arguments`
    case 'not-truth':
      return `its result is ${TYPE_WORDS[trouble.found]}, not true or false`
    case 'no-item':
      return trouble.length === 0
        ? 'the answer has no series'
        : `the answer has no item ${trouble.index}, only ${trouble.length}`
    case 'no-answer':
      return `${code(trouble.what)} at character ${trouble.at} has no result for this value`
  }
}

function mismatchWords({ what, at, found }: Extract<Trouble, { code: 'mismatch' }>): string {
  const base = `${code(what)} at character ${at} cannot be used on ${TYPE_WORDS[found]}`
  if (found === 'numbers' && what !== '[ ]')
    return `${base} (Prometheus answers with a list: ${code('result[0]')} is its first value)`
  if (found === 'number' && what === '[ ]') return `${base} (a scalar is a number: write ${code('result')} alone)`
  return base
}
