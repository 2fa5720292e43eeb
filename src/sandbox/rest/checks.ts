/** Check runs and suites. https://docs.github.com/rest/checks */
import * as z from 'zod'
import { resolveCommit } from '../git/objects.ts'
import { createCheckRun, updateCheckRun, type CheckRunChange } from '../model/checks.ts'
import { checkRunPayload, suiteAnswer } from '../payload/checks.ts'
import { invalidRequest, Refusal } from '../state/refusal.ts'
import { latestRuns, runsOn } from '../state/results.ts'
import type { Annotation, App, CheckRun, Repository } from '../state/types.ts'
import { page } from './paging.ts'
import { bodyOf, find, idOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

/** "Maximum length: 65535 characters." */
const Text = z.string().max(65_535)

const AnnotationBody = z.strictObject({
  path: z.string(),
  start_line: z.number().int(),
  end_line: z.number().int(),
  start_column: z.number().int().optional(),
  end_column: z.number().int().optional(),
  annotation_level: z.enum(['notice', 'warning', 'failure']),
  message: z.string(),
  title: z.string().max(255).optional(),
  raw_details: z.string().max(65_535).optional(),
})

const ActionBody = z.strictObject({
  label: z.string().max(20),
  description: z.string().max(40),
  identifier: z.string().max(20),
})

const SETTABLE = ['action_required', 'cancelled', 'failure', 'neutral', 'success', 'skipped', 'timed_out'] as const

const common = {
  details_url: z.string().optional(),
  external_id: z.string().optional(),
  status: z.enum(['queued', 'in_progress', 'completed']).optional(),
  conclusion: z.enum(SETTABLE).optional(),
  started_at: z.iso.datetime({ offset: true }).optional(),
  completed_at: z.iso.datetime({ offset: true }).optional(),
  actions: z.array(ActionBody).max(3).optional(),
}

const output = { summary: Text, text: Text.optional(), annotations: z.array(AnnotationBody).max(50).optional() }

const CreateBody = z.strictObject({
  name: z.string(),
  head_sha: z.string(),
  output: z.strictObject({ title: z.string(), ...output, images: z.array(z.unknown()).optional() }).optional(),
  ...common,
})

const UpdateBody = z.strictObject({
  name: z.string().optional(),
  output: z
    .strictObject({ title: z.string().optional(), ...output, images: z.array(z.unknown()).optional() })
    .optional(),
  ...common,
})

function changeFrom(body: z.infer<typeof UpdateBody>): CheckRunChange {
  if (body.status === 'completed' && body.conclusion === undefined) {
    throw invalidRequest(['"conclusion" wasn\'t supplied.'])
  }
  const at = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))
  return {
    name: body.name,
    externalId: body.external_id,
    detailsUrl: body.details_url,
    status: body.status,
    conclusion: body.conclusion,
    startedAt: at(body.started_at),
    completedAt: at(body.completed_at),
    title: body.output?.title,
    summary: body.output?.summary,
    text: body.output?.text,
    annotations: body.output?.annotations?.map(annotationFrom),
    actions: body.actions,
  }
}

function annotationFrom(body: z.infer<typeof AnnotationBody>): Annotation {
  return {
    ...body,
    start_column: body.start_column ?? null,
    end_column: body.end_column ?? null,
    title: body.title ?? null,
    raw_details: body.raw_details ?? null,
  }
}

/** "Write permission for the REST API to interact with checks is only available to GitHub Apps." */
function ownApp(call: Call): App {
  if (call.actor.kind === 'installation') return call.actor.app
  throw new Refusal(403, 'You must authenticate via a GitHub App.')
}

function createRun(call: Call, repo: Repository): Answer {
  const app = ownApp(call)
  const body = bodyOf(call, CreateBody)
  const sha = /^[0-9a-f]{40}$/.test(body.head_sha) ? resolveCommit(repo.bare, body.head_sha) : undefined
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${body.head_sha}`)
  const run = createCheckRun(call.world, repo, { app, sha, ...changeFrom(body) })
  return { status: 201, body: checkRunPayload(call.world, repo, run) }
}

function updateRun(call: Call, repo: Repository): Answer {
  const app = ownApp(call)
  const run = runOf(call, repo)
  if (run.app !== app)
    throw new Refusal(
      403,
      'Invalid app_id `' + String(app.id) + '` - check run can only be modified by the GitHub App that created it.',
    )
  updateCheckRun(call.world, repo, { run, change: changeFrom(bodyOf(call, UpdateBody)) })
  return { status: 200, body: checkRunPayload(call.world, repo, run) }
}

function runOf(call: Call, repo: Repository): CheckRun {
  return find(repo.checkRuns, idOf(call, 'check_run_id'))
}

function commitOf(call: Call, repo: Repository): string {
  const ref = call.params['ref'] ?? ''
  const sha = resolveCommit(repo.bare, ref.replace(/^heads\//, 'refs/heads/'))
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`)
  return sha
}

function listRuns(call: Call, repo: Repository): Answer {
  const { query } = call
  const sha = commitOf(call, repo)
  const runs = query.get('filter') === 'all' ? runsOn(repo, sha) : latestRuns(repo, sha)
  const fits = (key: string, value: string): boolean => !query.has(key) || query.get(key) === value
  const wanted = runs.filter(
    (run) => fits('check_name', run.name) && fits('app_id', String(run.app.id)) && fits('status', run.status),
  )
  return page(call, wanted, {
    render: (run) => checkRunPayload(call.world, repo, run),
    wrap: (check_runs, total_count) => ({ total_count, check_runs }),
  })
}

function listSuites(call: Call, repo: Repository): Answer {
  const sha = commitOf(call, repo)
  const appId = call.query.get('app_id')
  const suites = [...repo.suites.values()].filter(
    (suite) => suite.sha === sha && (appId === null || String(suite.app.id) === appId),
  )
  return page(call, suites, {
    render: (suite) => suiteAnswer(call.world, repo, suite),
    wrap: (check_suites, total_count) => ({ total_count, check_suites }),
  })
}

const REPO = '/repos/{owner}/{repo}'
const READ = { needs: ['checks:read'] } as const
const WRITE = { needs: ['checks:write'], role: 'read' } as const

export const CHECK_ROUTES: readonly Route[] = [
  repoRoute(`POST ${REPO}/check-runs`, WRITE, createRun),
  repoRoute(`GET ${REPO}/check-runs/{check_run_id}`, READ, (call, repo) => ({
    status: 200,
    body: checkRunPayload(call.world, repo, runOf(call, repo)),
  })),
  repoRoute(`PATCH ${REPO}/check-runs/{check_run_id}`, WRITE, updateRun),
  repoRoute(`GET ${REPO}/check-runs/{check_run_id}/annotations`, READ, (call, repo) => {
    const run = runOf(call, repo)
    const blob_href = `${call.world.origin}/${repo.owner.login}/${repo.name}/blob/${run.sha}`
    return page(call, run.annotations, { render: (one) => ({ ...one, blob_href: `${blob_href}/${one.path}` }) })
  }),
  repoRoute(`GET ${REPO}/commits/{+ref}/check-runs`, READ, listRuns),
  repoRoute(`GET ${REPO}/commits/{+ref}/check-suites`, READ, listSuites),
]
