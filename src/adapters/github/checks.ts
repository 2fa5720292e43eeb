import * as z from 'zod'
import type {
  CheckAnnotation,
  CheckName,
  CheckReport,
  CheckRun,
  CheckSubject,
  Conclusion,
} from '../../core/rollout/facts.ts'
import type { Checks } from '../../ports/github/checks.ts'
import { createRun, ownRuns, updateRun } from './client/check-runs.ts'
import type { Client } from './client/client.ts'
import type { CheckRunAnswer } from './schema.ts'

/** GitHub accepts at most 50 annotations per request (REST docs, checks). */
const MAX_ANNOTATIONS = 50

/** Reports are check runs of this App too, and one commit may have many. */
const MAX_RUNS = 500

const Name = z.enum(['canary/validate', 'canary/gate'])
const Ended = z.enum(['success', 'failure', 'action_required'])

export function checks(client: Client): Checks {
  return {
    async on(sha) {
      // If two runs of one name were created at the same time, both must get the same verdict.
      return (await ownRuns(client, sha, { limit: MAX_RUNS })).flatMap(toCheckRun)
    },
    async create(sha, report) {
      const id = await createRun(client, sha, fieldsOf(report))
      await annotateFurther(client, id, report)
      return id
    },
    async update(id, report) {
      await updateRun(client, id, fieldsOf(report))
      await annotateFurther(client, id, report)
    },
  }
}

/** Sends the annotations that did not fit into the first request. Each update adds to the existing ones. */
async function annotateFurther(client: Client, id: number, report: CheckReport): Promise<void> {
  const { title, summary, annotations = [] } = report
  for (let start = MAX_ANNOTATIONS; start < annotations.length; start += MAX_ANNOTATIONS) {
    const part = annotations.slice(start, start + MAX_ANNOTATIONS).map(annotationOf)
    await updateRun(client, id, { output: { title, summary, annotations: part } })
  }
}

function toCheckRun(answer: z.infer<typeof CheckRunAnswer>): CheckRun[] {
  const name = Name.safeParse(answer.name)
  if (!name.success) return []
  const ended = Ended.safeParse(answer.status === 'completed' ? answer.conclusion : undefined)
  const conclusion: Conclusion | undefined = ended.success ? ended.data : undefined
  const checkName: CheckName = name.data
  return [
    {
      id: answer.id,
      name: checkName,
      conclusion,
      title: answer.output?.title ?? '',
      summary: answer.output?.summary ?? '',
      text: answer.output?.text ?? undefined,
      subjects: subjectsIn(answer.external_id ?? ''),
    },
  ]
}

function fieldsOf(report: CheckReport): Readonly<Record<string, unknown>> {
  const state =
    report.conclusion === undefined ? { status: 'in_progress' } : { status: 'completed', conclusion: report.conclusion }
  const annotations = (report.annotations ?? []).slice(0, MAX_ANNOTATIONS).map(annotationOf)
  const text = report.text === undefined ? {} : { text: report.text }
  return {
    name: report.name,
    external_id: externalId(report),
    ...state,
    ...(report.actions === undefined ? {} : { actions: report.actions }),
    output: {
      title: report.title,
      summary: report.summary,
      ...text,
      ...(annotations.length > 0 ? { annotations } : {}),
    },
  }
}

/**
 * GitHub documents no limit, and this length fits any database column. Pull requests that are cut off are still found in the memo
 * and by their own webhooks.
 */
const MAX_EXTERNAL_ID = 250
const MAX_BASE = 60

const QUEUE = 'queue'

/**
 * Says which pull requests and branches the check covers, so that this can be read back when everything else is lost:
 * `canary/gate 12:main queue:main`. Branch names contain no colon and no space.
 */
function externalId({ name, subjects = [] }: CheckReport): string {
  const parts = subjects.map(({ pull, base }) => ` ${pull ?? QUEUE}:${base.slice(0, MAX_BASE)}`)
  return parts.reduce((id, part) => (id.length + part.length <= MAX_EXTERNAL_ID ? id + part : id), name)
}

function subjectsIn(id: string): readonly CheckSubject[] {
  return [...id.matchAll(/ (\d+|queue):(\S+)/g)].map(([, pull = '', base = '']) => {
    return { pull: pull === QUEUE ? undefined : Number(pull), base }
  })
}

function annotationOf(annotation: CheckAnnotation): Readonly<Record<string, unknown>> {
  return {
    path: annotation.path,
    start_line: annotation.line,
    end_line: annotation.line,
    annotation_level: annotation.level,
    message: annotation.message,
    title: annotation.title,
  }
}
