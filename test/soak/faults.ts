import { badGateway, type FaultDraft, type FaultRequest, secondaryLimit } from '../../src/sandbox/wire/faults.ts'
import type { Served } from '../stories/process.ts'

type Strike = Pick<FaultDraft, 'kind' | 'onStrike'>

/** What can happen to one request. */
export const FAULTS: Readonly<Record<string, (service: Pick<Served, 'kill'>) => Strike>> = {
  '502 before': () => ({ kind: badGateway({ isDone: false }) }),
  '502 after its effect': () => ({ kind: badGateway({ isDone: true }) }),
  'reset after its effect': () => ({ kind: 'lose-answer-after' }),
  '403 with retry-after': () => ({ kind: secondaryLimit({ status: 403, retryAfter: 1 }) }),
  '429 with retry-after': () => ({ kind: secondaryLimit({ status: 429, retryAfter: 1 }) }),
  'never answered': () => ({ kind: 'never-answer' }),
  'kill -9': (service) => ({ kind: 'lose-answer-after', onStrike: () => service.kill() }),
  'kill -9, DATA_DIR deleted': (service) => ({
    kind: 'lose-answer-after',
    onStrike: () => service.kill({ forget: true }),
  }),
}

/** The nth request with a name. The order of different requests varies between runs. */
export interface Target {
  readonly name: string
  readonly nth: number
}

export function isOurs({ who }: Pick<FaultRequest, 'who'>): boolean {
  return who.includes('perch')
}

/** Requests of each sweep, every second. A few of them represent all. */
const SWEEPING = ['GET /app/installations', 'GET /installation/repositories']
const MAX_SWEEPING = 3

/** The requests of an undisturbed play. */
export function targetsIn(records: readonly { readonly name: string; readonly who: string }[]): Target[] {
  const counts = new Map<string, number>()
  const all = records.filter(isOurs).map(({ name }) => {
    const nth = (counts.get(name) ?? 0) + 1
    counts.set(name, nth)
    return { name, nth }
  })
  return all.filter(({ name, nth }) => nth <= MAX_SWEEPING || !SWEEPING.includes(name))
}

export function matching({ name }: Target): FaultDraft['match'] {
  return (request) => isOurs(request) && request.name === name
}
