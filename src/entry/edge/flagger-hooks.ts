import type { IncomingMessage } from 'node:http'
import {
  approved,
  canaryOfEvent,
  type HookAnswer,
  MAX_ROLLBACK_AGE_MS,
  mayContinue,
  mustRollBack,
} from '../../core/flagger/answer.ts'
import { type VersionApprovals, versionAsked } from '../../core/flagger/approvals.ts'
import type { Canaries } from '../../core/flagger/canaries.ts'
import { EVENT_HOOK, EventPayload, type Hook, HookPayload, HOOKS, ROLLBACK_HOOK } from '../../core/flagger/hook.ts'
import { hookWords } from '../../core/message/flagger/hook.ts'
import type { CalledRepository } from '../../flows/stop/canary-memory.ts'
import type { Log } from '../../ports/log.ts'
import type { AskedVersion } from './known-canaries.ts'
import { type Answer, parseObject, readBody, refuseBody, type ServerState } from './http.ts'
import type { TargetName } from '../../core/rollout/target.ts'
import { flaggerKey, isSameKey, reportKey } from './report-key.ts'

/** The endpoints that Flagger calls before it continues with a canary. */
export interface FlaggerOptions {
  /** The secret from which each repository's key is derived. */
  readonly secret: string
  /** Undefined if the answer is not known in time. */
  readonly canariesOf: (repository: CalledRepository, maxAgeMs?: number) => Promise<Canaries | undefined>
  /** The approvals of the pull request that brought a version. Undefined if they are not known in time. */
  readonly approvalsOf: (asked: AskedVersion) => Promise<VersionApprovals | undefined>
  /** Stores what Flagger reports about a rollout. */
  readonly note: (repository: CalledRepository, rollout: TargetName, told: EventPayload) => Promise<void>
  readonly now: () => number
}

interface HookPlace extends CalledRepository {
  readonly hook: Hook | typeof EVENT_HOOK
}

/** Names, and the metadata that the author of the Canary wrote. */
const MAX_HOOK_BYTES = 64 * 1024

const PLACES: readonly HookPlace['hook'][] = [...HOOKS, EVENT_HOOK]

/** The question, and the repository that it is about; undefined if the path is not one of ours. */
export function hookIn(path: string): HookPlace | undefined {
  const [, owner = '', name = '', asked = ''] =
    /^\/api\/flagger\/([\w-]{1,100})\/((?!\.+\/)[\w.-]{1,100})\/([a-z-]{1,40})$/.exec(path) ?? []
  const hook = PLACES.find((one) => one === asked)
  return hook && { owner, name, hook }
}

/**
 * Flagger continues on every status up to 202, so only an answer that is known to be yes gets one. Flagger ignores the body; it
 * is for people who try the address.
 */
export async function answerHook(
  options: FlaggerOptions & { readonly log: Log; readonly shared: ServerState },
  place: HookPlace,
  request: IncomingMessage,
): Promise<Answer> {
  const { log } = options
  const repository = `${place.owner}/${place.name}`
  const refused = refuseBody(request.headers, MAX_HOOK_BYTES)
  if (refused !== undefined) return refused.refusal
  const body = await readBody(options.shared, request, MAX_HOOK_BYTES)
  if ('refusal' in body) return body.refusal
  const payload = payloadOf(place, body.bytes)
  if (!payload.success) return { status: 400, body: 'not what Flagger sends, or metadata.key is missing' }
  const asked = payload.data
  // The key for reports is accepted too, because it allows more than these questions do.
  const keys = [flaggerKey(options.secret, repository), reportKey(options.secret, repository)]
  if (!keys.some((key) => isSameKey(asked.metadata.key, key))) {
    log.warn(
      { repository },
      'A webhook of Flagger has a wrong metadata.key. Is it what perch report-key --flagger prints?',
    )
    return { status: 401, body: 'metadata.key does not match' }
  }
  const answer = 'phase' in asked ? await noteEvent(options, place, asked) : await answerTo(options, place, asked)
  log.debug(
    { repository, hook: place.hook, canary: `${asked.namespace}/${asked.name}`, answer: answer.code },
    'Flagger asked',
  )
  return {
    status: YES.includes(answer.code) ? 200 : 403,
    body: hookWords(answer, { ...asked, repository }),
  }
}

const YES: readonly HookAnswer['code'][] = ['go', 'take-back', 'noted']

function payloadOf(
  { hook }: HookPlace,
  bytes: Buffer,
): ReturnType<typeof HookPayload.safeParse | typeof EventPayload.safeParse> {
  return (hook === EVENT_HOOK ? EventPayload : HookPayload).safeParse(parseObject(bytes))
}

/** Stores events only of Canaries that are in Git, so that the stored amount is bounded. */
async function noteEvent(
  { canariesOf, note, now }: FlaggerOptions,
  place: HookPlace,
  told: EventPayload,
): Promise<HookAnswer> {
  const answer = canaryOfEvent(await canariesOf(place), told, now())
  if (answer.code === 'noted') await note(place, answer.rollout, told)
  return answer
}

async function answerTo(options: FlaggerOptions, place: HookPlace, asked: HookPayload): Promise<HookAnswer> {
  const { canariesOf, now } = options
  const canaries = await canariesOf(place)
  if (place.hook !== ROLLBACK_HOOK) return ifApproved(options, { place, asked }, mayContinue(canaries, asked, now()))
  const answer = mustRollBack(canaries, asked, now())
  // Only for this answer is it worthwhile to read Git again.
  return answer.code === 'unread' && canaries !== undefined
    ? mustRollBack(await canariesOf(place, MAX_ROLLBACK_AGE_MS), asked, now())
    : answer
}

/** Looks at GitHub's reviews only if nothing else stops the version, and the config requires approvals. */
async function ifApproved(
  { approvalsOf, now }: FlaggerOptions,
  { place, asked }: { readonly place: HookPlace; readonly asked: HookPayload },
  answer: HookAnswer,
): Promise<HookAnswer> {
  if (answer.code !== 'go' || answer.approvals === 0 || place.hook === EVENT_HOOK) return answer
  const { rollout, approvals: wanted } = answer
  const version = versionAsked(place.hook, asked)
  if (version === undefined) return { code: 'no-version', rollout, wanted }
  return approved(answer, await approvalsOf({ repository: place, rollout, version, wanted }), now())
}
