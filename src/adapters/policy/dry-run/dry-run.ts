/** Asks the API server that the operator configured what it would say about objects. */
import { Agent } from 'node:https'
import type { RenderedObject } from '../../../core/diff/objects.ts'
import { textOf } from '../../../core/manifest/data.ts'
import { type DryRunGap, type DryRunResult, MAX_DRY_RUN_OBJECTS } from '../../../core/policy/dry-run.ts'
import type { Failure, ObjectRemark, ToolFailure } from '../../../core/policy/remark.ts'
import { readAnswer } from '../../../core/policy/server-answer.ts'
import type { DryRunQuestion } from '../../../ports/validators.ts'
import type { Log } from '../../../ports/log.ts'
import { atMost } from '../../process-sandbox/at-most.ts'
import { ApiObject, ApiResources, ApiStatus } from '../schema.ts'
import { dryRunRequest, isVersion, type ServedKind, versionPath } from './dry-run-request.ts'
import { type ApiServer, readKubeconfig } from './kubeconfig.ts'
import { type ApiAnswer, type ApiRequest, askServer } from './request.ts'

export interface DryRunOptions {
  /** The full path of the operator's kubeconfig for dry runs; undefined if there is none. */
  readonly kubeconfig: string | undefined
  readonly log: Log
  /** The time limit for all objects of an environment together. */
  readonly timeoutMs?: number
}

export interface DryRuns {
  /** For people; undefined if the kubeconfig cannot be used. */
  title(): Promise<string | undefined>
  absence(): Promise<Failure>
  dryRun(objects: readonly RenderedObject[], question: DryRunQuestion): Promise<DryRunResult>
}

const TIMEOUT_MS = 15_000
/** How many environments are checked at once. The time limit of an environment starts only when its turn comes. */
const CONCURRENCY = 2
/** How many requests of one environment run at once. An object takes about 10 ms, without webhooks. */
const REQUESTS = 4
const MAX_TEXT = 2_000

export function openDryRuns({ kubeconfig, log, timeoutMs = TIMEOUT_MS }: DryRunOptions): DryRuns {
  const limit = atMost(CONCURRENCY)
  const missing = { code: 'missing', detail: '' } as const
  const fault = async (): Promise<Failure | undefined> => {
    if (kubeconfig === undefined) return missing
    const server = await readKubeconfig(kubeconfig)
    if (server.ok) return undefined
    return { code: 'not-valid', faults: [{ file: undefined, line: 1, code: server.error, text: '' }] }
  }
  return {
    title: async () => ((await fault()) === undefined ? 'dry-run' : undefined),
    absence: async () => (await fault()) ?? { code: 'busy', detail: '' },
    async dryRun(objects, question) {
      if (kubeconfig === undefined) return { ok: false, failure: missing }
      const server = await readKubeconfig(kubeconfig)
      // The kubeconfig was usable a moment ago.
      if (!server.ok) return { ok: false, failure: { code: 'failed', detail: '' } }
      if (objects.length > MAX_DRY_RUN_OBJECTS)
        return { ok: false, failure: { code: 'too-many', detail: String(objects.length) } }
      const said = await limit(() => askWithin(timeoutMs, { server: server.value, question }, objects))
      if (!said.ok) log.warn({ code: said.failure.code, detail: said.failure.detail }, 'no dry run')
      return said
    },
  }
}

async function askWithin(
  timeoutMs: number,
  about: Omit<Session, 'send'>,
  objects: readonly RenderedObject[],
): Promise<DryRunResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS })
  const signal = AbortSignal.timeout(timeoutMs)
  const send = (request: ApiRequest): Promise<ApiAnswer> => askServer(about.server, request, { agent, signal })
  try {
    return await askAbout({ ...about, send }, objects)
  } finally {
    agent.destroy()
  }
}

interface Session {
  readonly send: (request: ApiRequest) => Promise<ApiAnswer>
  readonly server: ApiServer
  readonly question: DryRunQuestion
}

/** The final result for one object. */
interface Said {
  readonly remarks: readonly ObjectRemark[]
  readonly gaps: readonly DryRunGap[]
  readonly failure?: ToolFailure
}

async function askAbout(session: Session, objects: readonly RenderedObject[]): Promise<DryRunResult> {
  const versions = new Set(objects.map(({ data }) => data['apiVersion']).filter((version) => isVersion(version)))
  const found = await Promise.all(
    [...versions].map(async (version) => [version, await kindsOf(session, version)] as const),
  )
  const kinds = new Map(found)
  const lost = found.flatMap(([, { failure }]) => failure ?? [])
  const [first] = lost
  if (first !== undefined) return { ok: false, failure: first }
  const answers = await Promise.all(
    objects.map((object, index) => askAboutOne(session, { object, index, kinds: kinds.get(versionOf(object)) })),
  )
  const failed = answers.find(({ failure }) => failure !== undefined)?.failure
  if (failed !== undefined) return { ok: false, failure: failed }
  return { ok: true, remarks: answers.flatMap(({ remarks }) => remarks), gaps: answers.flatMap(({ gaps }) => gaps) }
}

function versionOf({ data }: RenderedObject): string {
  return textOf(data['apiVersion']) ?? ''
}

interface Kinds {
  readonly byName: ReadonlyMap<string, ServedKind>
  readonly failure?: ToolFailure
  /** Why there is no result. */
  readonly gap?: Pick<DryRunGap, 'code' | 'text'>
}

/** The kinds of a version of a group, and how their objects are asked for. */
async function kindsOf({ send }: Session, version: string): Promise<Kinds> {
  const none = new Map<string, ServedKind>()
  const answer = await send({ method: 'GET', path: versionPath(version) })
  if (answer.end === 'lost') return { byName: none, failure: failureOf(answer) }
  // A group that is not there is answered in words, without a status.
  if (answer.code === 404) return { byName: none }
  if (answer.code !== 200) {
    const verdict = readAnswer(answer.code, ApiStatus.safeParse(answer.body).data)
    if (verdict.type === 'unauthorized') return { byName: none, failure: { code: 'unauthorized', detail: '' } }
    return {
      byName: none,
      gap: verdict.type === 'gap' ? verdict : { code: 'not-answered', text: `HTTP ${answer.code}` },
    }
  }
  const read = ApiResources.safeParse(answer.body)
  if (!read.success) return { byName: none, failure: { code: 'failed', detail: '' } }
  const kinds = read.data.resources
    .filter(({ name }) => /^[a-z\d][a-z\d.-]*$/.test(name))
    .map(({ kind, name, namespaced }) => [kind, { plural: name, isNamespaced: namespaced }] as const)
  return { byName: new Map(kinds) }
}

interface OneQuestion {
  readonly object: RenderedObject
  readonly index: number
  readonly kinds: Kinds | undefined
}

async function askAboutOne(session: Session, { object, index, kinds }: OneQuestion): Promise<Said> {
  const about = sayingsOf(index)
  if (kinds === undefined) return about.refused([{ text: 'no API can have this version', path: [] }])
  if (kinds.gap !== undefined) return about.gap(kinds.gap)
  const kind = kinds.byName.get(object.kind)
  if (kind === undefined) return about.gap({ code: 'no-kind', text: '' })
  const { namespace = session.server.namespace, fieldManager } = session.question
  const request = dryRunRequest(object, { kind, namespace: namespace ?? 'default', fieldManager })
  if (request === 'no-name') return about.refused([{ text: 'no object can have this name or namespace', path: [] }])
  if ('namespace' in request) return about.gap({ code: 'no-namespace', text: request.namespace })
  return heard(await session.send(request), object, about)
}

function heard(answer: ApiAnswer, { kind }: RenderedObject, about: ReturnType<typeof sayingsOf>): Said {
  if (answer.end === 'lost') return about.failed(failureOf(answer))
  // What is not the object is no verdict: a proxy may answer with a page to sign in.
  const isTaken = answer.code < 300 && ApiObject.safeParse(answer.body).data?.kind === kind
  if (isTaken) return about.taken(answer.warnings)
  const verdict = readAnswer(answer.code, ApiStatus.safeParse(answer.body).data)
  switch (verdict.type) {
    case 'unauthorized':
      return about.failed({ code: 'unauthorized', detail: '' })
    case 'gap':
      return about.gap(verdict)
    case 'refused':
      return about.refused(verdict.faults)
  }
}

/** What can be said of one of the objects. */
function sayingsOf(object: number) {
  const remark = (level: ObjectRemark['level'], text: string, path: ObjectRemark['path']): ObjectRemark => ({
    level,
    rule: '',
    text: text.slice(0, MAX_TEXT),
    object,
    path,
  })
  return {
    taken: (warnings: readonly string[]): Said => ({
      remarks: warnings.map((text) => remark('warning', text, [])),
      gaps: [],
    }),
    refused: (faults: readonly Pick<ObjectRemark, 'text' | 'path'>[]): Said => ({
      remarks: faults.map(({ text, path }) => remark('error', text, path)),
      gaps: [],
    }),
    gap: ({ code, text }: Pick<DryRunGap, 'code' | 'text'>): Said => ({
      remarks: [],
      gaps: [{ code, text: text.slice(0, MAX_TEXT), object }],
    }),
    failed: (failure: ToolFailure): Said => ({ remarks: [], gaps: [], failure }),
  }
}

function failureOf({ code, detail }: Extract<ApiAnswer, { end: 'lost' }>): ToolFailure {
  return { code, detail }
}
