/** Commit statuses, deployments and buttons on checks, used by people and by tools with a person's token. */
import { resolveCommit } from '../git/objects.ts'
import { announceRun } from '../model/checks.ts'
import { addDeployment, addDeploymentStatus, addStatus } from '../model/statuses.ts'
import { announceSuite } from '../model/suites.ts'
import type { Account, CheckRun, Deployment, Repository, Role, Status } from '../state/types.ts'
import { byPerson, fullName, type World } from '../state/world.ts'

/** A person in a repository. */
export interface Scene {
  readonly world: World
  readonly repo: Repository
  readonly account: Account
  /** Throws a refusal if the person does not have this role. */
  readonly must: (role: Role) => void
}

interface StatusDraft {
  readonly context: string
  readonly state: Status['state']
  readonly description?: string
  readonly targetUrl?: string
}

export interface ReportSide {
  setStatus(ref: string, status: StatusDraft): void
  /** Creates a deployment, with a first status if a state is given. Returns its id. */
  deploy(draft: { ref: string; environment: string; state?: string; description?: string }): number
  setDeploymentStatus(id: number, status: { state: string; description?: string }): void
}

export interface CheckSide {
  /** "Re-run" on a check. */
  rerunCheck(id: number): void
  /** "Re-run all checks" of an App on a commit. */
  rerunAll(ref: string, appSlug: string): void
  /** Presses a button on a check run. */
  pressButton(checkRunId: number, identifier: string): void
}

function commitOf(repo: Repository, ref: string): string {
  const sha = resolveCommit(repo.bare, ref)
  if (sha === undefined) throw new Error(`${fullName(repo)} has no ${ref}`)
  return sha
}

export function reportSide({ world, repo, account, must }: Scene): ReportSide {
  const creator = byPerson(account)
  const report = (deployment: Deployment, status: { state: string; description?: string }): void => {
    must('write')
    const draft = {
      ...status,
      description: status.description ?? '',
      environment: undefined,
      targetUrl: '',
      environmentUrl: '',
      creator,
    }
    addDeploymentStatus(world, repo, { deployment, status: draft, autoInactive: true })
  }
  return {
    setStatus(ref, { context, state, description, targetUrl }) {
      must('write')
      const sha = commitOf(repo, ref)
      const draft = {
        sha,
        context,
        state,
        description: description ?? null,
        targetUrl: targetUrl ?? null,
        creator: account,
      }
      addStatus(world, repo, draft)
    },
    deploy({ ref, environment, state, description }) {
      must('write')
      const deployment = addDeployment(world, repo, {
        sha: commitOf(repo, ref),
        ref,
        task: 'deploy',
        environment,
        description: null,
        payload: {},
        transient: false,
        production: environment === 'production',
        creator,
      })
      if (state !== undefined) report(deployment, { state, ...(description === undefined ? {} : { description }) })
      return deployment.id
    },
    setDeploymentStatus(id, status) {
      const deployment = repo.deployments.get(id)
      if (deployment === undefined) throw new Error(`${fullName(repo)} has no deployment ${String(id)}`)
      report(deployment, status)
    },
  }
}

/** The actions on checks. GitHub shows these buttons to people with write access. */
export function checkSide({ world, repo, account, must }: Scene): CheckSide {
  const runOf = (id: number): CheckRun => {
    must('write')
    const run = repo.checkRuns.get(id)
    if (run === undefined) throw new Error(`${fullName(repo)} has no check run ${String(id)}`)
    return run
  }
  return {
    rerunCheck: (id) => {
      announceRun(world, repo, { run: runOf(id), action: 'rerequested', by: account })
    },
    rerunAll(ref, appSlug) {
      must('write')
      const sha = commitOf(repo, ref)
      const suite = [...repo.suites.values()].find((one) => one.sha === sha && one.app.slug === appSlug)
      if (suite === undefined) throw new Error(`${appSlug} has no check suite on ${ref}`)
      announceSuite(world, repo, { suite, action: 'rerequested', by: account })
    },
    pressButton(id, identifier) {
      const run = runOf(id)
      if (!run.actions.some((action) => action.identifier === identifier)) {
        throw new Error(`The check run ${run.name} shows no button ${identifier}`)
      }
      announceRun(world, repo, {
        run,
        action: 'requested_action',
        by: account,
        extra: { requested_action: { identifier } },
      })
    },
  }
}
