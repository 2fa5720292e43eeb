import type { PullRequest } from './facts.ts'
import type { Move } from './move.ts'
import { type Standing, sureShare } from './standing.ts'
import type { Target } from './target.ts'
import type { Wave } from '../wave/wave.ts'

/** Three of these, the text around them, and `.next` stay below GitHub's limit of 255 bytes for a ref. */
const MAX_PART = 60

type BaseName = Pick<PullRequest['base'], 'ref' | 'isDefault'>

type Name = Pick<Target, 'environment' | 'service'> & {
  readonly settings?: { readonly wave: Wave | undefined }
}

/**
 * `canary/<environment>/<service>/<share>`, or `canary/@<base>/…` for a base other than the default branch. Each change of a
 * rollout has one name, so that it is made only once. `switch/…/<version>` moves all traffic. `perch/limit/…/<percent>` is not a
 * step.
 */
export function branchOf(base: BaseName, target: Name, move: Move): string {
  return `${startOf(move)}${rolloutPart(base, target)}${lastPart(move)}`
}

const STEP = 'canary/'
const SWITCH = 'switch/'
const LIMIT = 'perch/limit/'

function startOf({ kind }: Move): string {
  if (kind === 'limit') return LIMIT
  return kind === 'switch' ? SWITCH : STEP
}

/** The common prefix of the branches of one rollout's pull requests. */
function rolloutPart({ ref, isDefault }: BaseName, { environment, service }: Name): string {
  const on = isDefault ? '' : `@${branchPart(ref)}/`
  return `${on}${branchPart(environment)}/${branchPart(service)}/`
}

function lastPart(move: Move): string {
  if (move.kind === 'share' || move.kind === 'limit') return String(move.to)
  if (move.kind === 'switch') return branchPart(move.to)
  return move.kind === 'finish-version' ? 'finish' : '0'
}

/**
 * A name as one part of a ref. Different names give different parts, with only characters that git check-ref-format(1) allows in
 * any position. All other characters are written as their UTF-8 bytes in hex. A part that is too long ends in a hash of the whole
 * name.
 */
export function branchPart(name: string): string {
  const written = name.toWellFormed().replaceAll(/[^A-Za-z0-9+_-]/gu, escaped)
  if (written === '') return '=='
  return written.length <= MAX_PART ? written : `${written.slice(0, MAX_PART - 16)}==${markOf(name)}`
}

function escaped(character: string): string {
  // encodeURIComponent does not escape some ASCII characters.
  const hex = encodeURIComponent(character)
  return hex === character ? `=${character.charCodeAt(0).toString(16).toUpperCase()}` : hex.replaceAll('%', '=')
}

/** Two rounds of FNV-1a in 32 bits. It is not secret, but long enough that two names of one repository do not collide. */
function markOf(name: string): string {
  return [0x811c9dc5, 0x01000193].map((seed) => round(name, seed).toString(36).padStart(7, '0')).join('')
}

function round(name: string, seed: number): number {
  let hash = seed
  for (let index = 0; index < name.length; index += 1) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

/** Whether Perch opened this pull request as a step of some rollout. Others may have pushed to its branch since. */
export function isStep({ head, author }: PullRequest, botLogin: string): boolean {
  return !head.isFork && author.login === botLogin && isStepBranch(head.ref)
}

/** Whether a branch is named like a step's. */
export function isStepBranch(ref: string): boolean {
  return ref.startsWith(STEP) || ref.startsWith(SWITCH)
}

/**
 * Whether the base of a step is not the branch that it was made for: somebody changed the base, or the repository has another default
 * branch.
 */
export function isMisplaced({ head, base }: PullRequest): boolean {
  return baseIn(head.ref) !== (base.isDefault ? undefined : branchPart(base.ref))
}

/** The branch that a step was made for. Undefined if it is none of `bases`. */
export function madeFor({ head }: PullRequest, defaultBranch: string, bases: readonly string[]): string | undefined {
  const named = baseIn(head.ref)
  return named === undefined
    ? defaultBranch
    : bases.find((base) => base !== defaultBranch && branchPart(base) === named)
}

/** The base in the name of a step's branch, as one part of a ref. Undefined for the default branch. */
function baseIn(branch: string): string | undefined {
  const [, part = ''] = branch.split('/')
  return part.startsWith('@') ? part.slice(1) : undefined
}

/** Whether Perch opened this pull request for this rollout. The branch's name alone proves nothing: anyone can push one. */
export function isStepOf(target: Name, pull: PullRequest, botLogin: string): boolean {
  return isStep(pull, botLogin) && (isOwn(target, pull) || isWaveStep(target, pull))
}

function isOwn(target: Name, { base, head }: PullRequest): boolean {
  const own = rolloutPart(base, target)
  return [STEP, SWITCH].some((start) => head.ref.startsWith(`${start}${own}`))
}

/** Whether a step is for all environments of a rollout's wave, and not for this environment alone. */
export function isWaveStep({ service, settings, ...target }: Name, pull: PullRequest): boolean {
  const wave = settings?.wave
  // A wave with one environment has the name of that environment.
  if (wave === undefined || wave.name === target.environment || wave.all[wave.index]?.length === 1) return false
  return isOwn({ service, environment: wave.name }, pull)
}

/** Whether the name of a step's branch has this rollout in it: alone, or among all or those of its wave. */
export function mayBeFor(branch: string, { service, environment, environments, settings }: Target): boolean {
  const [place, called] = branch.split('/').slice(-3)
  const names = [environment, ...environments, settings.wave?.name ?? environment, 'all']
  return called === branchPart(service) && names.some((name) => place === branchPart(name))
}

/** Whether a rollout's branch was made for a move. */
export function isBranchFor(branch: string, move: Move): boolean {
  return branch.split('/').at(-1) === lastPart(move)
}

/**
 * The kind of move that a branch of this rollout was made for. Two kinds go to 0; the phase on the base branch tells them apart.
 */
export function kindOf(branch: string, phase: Standing['phase']): Exclude<Move['kind'], 'limit'> {
  if (branch.startsWith(SWITCH)) return 'switch'
  const last = branch.split('/').at(-1)
  if (last === 'finish') return 'finish-version'
  if (last !== '0') return 'share'
  return phase === 'finishing-weights' ? 'finish-weights' : 'rollback'
}

/** The move that a branch of this rollout proposes from the state of the base branch. Undefined if there is none. */
export function moveOf(branch: string, standing: Standing): Move | undefined {
  const { phase, versions } = standing
  const from = sureShare(standing)
  const kind = kindOf(branch, phase)
  switch (kind) {
    case 'finish-weights':
      return { kind }
    case 'rollback':
      return { kind, from }
    case 'finish-version':
      return { kind, from: versions?.stable ?? 'stable', to: versions?.canary ?? 'canary' }
    case 'switch': {
      const { blueGreen } = standing.target.route.names
      const isNamed = blueGreen !== undefined && branchPart(blueGreen.idle.name) === branch.split('/').at(-1)
      return isNamed ? { kind, from: blueGreen.active.name, to: blueGreen.idle.name } : undefined
    }
    case 'share': {
      const to = Number(branch.split('/').at(-1))
      return to > 0 && to <= 100 ? { kind, from, to } : undefined
    }
  }
}
