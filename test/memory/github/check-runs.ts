import { REPORT_PREFIX } from '../../../src/core/gate/signal.ts'
import type { CheckReport, CheckRun, Sha } from '../../../src/core/rollout/facts.ts'
import type { CanaryCheck, CanaryChecks } from '../../../src/ports/github/canary-checks.ts'
import type { Checks } from '../../../src/ports/github/checks.ts'
import type { CommandRecords } from '../../../src/ports/github/command-records.ts'
import type { KeptReport, Reports } from '../../../src/ports/github/reports.ts'
import type { GitHubState, Run } from './github.ts'

/** GitHub's adapter keeps this many characters of a base's name. */
const MAX_BASE = 60

export function memoryChecks(state: GitHubState): Checks {
  return {
    on: async (sha) =>
      ownRuns(state, sha)
        .toReversed()
        .flatMap((run): CheckRun[] => (run.report === undefined ? [] : [checkRunOf(run, run.report)])),
    create: async (sha, report) => addRun(state, { sha, name: report.name, ...fieldsOf(report) }).id,
    async update(id, report) {
      const run = state.runs.find((one) => one.id === id)
      if (run === undefined) throw new Error(`GitHub has no check run ${id}.`)
      Object.assign(run, { ...fieldsOf(report), completedAt: state.now() })
    },
  }
}

function checkRunOf({ id }: Run, { name, conclusion, title, summary, text, subjects = [] }: CheckReport): CheckRun {
  const cut = subjects.map(({ pull, base }) => ({ pull, base: base.slice(0, MAX_BASE) }))
  return { id, name, conclusion, title, summary, text, subjects: cut }
}

export function memoryRecords(state: GitHubState): CommandRecords {
  const nameOf = (cause: string): string => `perch/command/${cause}`
  return {
    async find(commit, cause) {
      const run = ownRuns(state, commit).findLast(({ name }) => name === nameOf(cause))
      return run === undefined ? undefined : { answer: run.text }
    },
    async write(commit, { cause, title, summary, answer }) {
      addRun(state, { sha: commit, name: nameOf(cause), title, summary, text: answer })
    },
  }
}

export function memoryReports(state: GitHubState): Reports {
  const fields = ({ state: said, since, heardAt, title, summary }: KeptReport): Partial<Run> => ({
    state: said,
    completedAt: Math.floor(since / 1000) * 1000,
    externalId: String(heardAt),
    title,
    summary,
  })
  return {
    async find(commit, name) {
      if (state.objects.find(commit) === undefined) return 'no-commit'
      const run = ownRuns(state, commit).findLast((one) => one.name === REPORT_PREFIX + name)
      if (run === undefined) return 'none'
      const kept = { since: run.completedAt, heardAt: Number(run.externalId) }
      return { id: run.id, kept: { ...kept, state: run.state === 'silent' ? undefined : run.state } }
    },
    create: async (commit, name, kept) =>
      void addRun(state, { sha: commit, name: REPORT_PREFIX + name, ...fields(kept) }),
    async update(id, kept) {
      const run = state.runs.find((one) => one.id === id)
      if (run === undefined) throw new Error(`GitHub has no check run ${id}.`)
      Object.assign(run, fields(kept))
    },
  }
}

/** GitHub shows an open check's own text. `isOver` is stored in the external id, in which reports store when they were heard. */
export function memoryCanaryChecks(state: GitHubState): CanaryChecks {
  const fields = ({ conclusion, title, summary }: CanaryCheck): Partial<Run> => ({
    state: conclusion === 'success' || conclusion === 'failure' ? conclusion : 'silent',
    externalId: conclusion ?? 'in_progress',
    title,
    summary,
  })
  return {
    async find(sha, name) {
      const run = ownRuns(state, sha).findLast((one) => one.name === name)
      return run === undefined ? undefined : { id: run.id, isOver: run.externalId !== 'in_progress' }
    },
    create: async (sha, check) => addRun(state, { sha, name: check.name, ...fields(check) }).id,
    async update(id, check) {
      const run = state.runs.find((one) => one.id === id)
      if (run === undefined) throw new Error(`GitHub has no check run ${id}.`)
      Object.assign(run, fields(check))
    },
  }
}

function ownRuns({ runs, bot }: GitHubState, sha: Sha): readonly Run[] {
  return runs.filter((run) => run.sha === sha && run.by === bot.login)
}

function fieldsOf(report: CheckReport): Partial<Run> {
  const { title, summary, text, conclusion } = report
  const state = conclusion === 'success' || conclusion === 'failure' ? conclusion : 'silent'
  return { report, title, summary, text, state }
}

export function addRun(
  state: GitHubState,
  fields: Pick<Run, 'sha' | 'name'> & Partial<Omit<Run, 'id' | 'sha' | 'name'>>,
): Run {
  if (state.objects.find(fields.sha) === undefined) throw new Error(`GitHub has no commit ${fields.sha}.`)
  const run = {
    id: state.nextId(),
    by: state.bot.login,
    report: undefined,
    state: 'success',
    title: '',
    summary: '',
    text: undefined,
    externalId: '',
    completedAt: state.now(),
    ...fields,
  } as const
  state.runs.push(run)
  return run
}
