import type { Plan } from './events.ts'

const BASIC = {
  seed: 1,
  world: {
    services: ['web'],
    environments: ['production'],
    config: {
      steps: [5, 25, 50, 100],
      bakeMinutes: 5,
      live: 'timer',
      isOrdered: false,
      autoMerge: 'never',
      approvals: 0,
    },
  },
  sweepSeconds: 60,
  deletesBranches: false,
} as const

/** Plays that once broke a law, as short as they could be made, each with what it showed. */
export const KEPT: readonly { readonly shows: string; readonly plan: Plan }[] = [
  {
    shows: 'the comment of a pull request that was opened again said what it changed before it came into conflict',
    plan: {
      ...BASIC,
      events: [
        { after: 1, event: { type: 'start', who: 'olga', to: 3, share: 50, at: 0 } },
        { after: 60, event: { type: 'push-main', who: 'alice', change: { kind: 'share', to: 5 }, at: 0 } },
        { after: 1, event: { type: 'close', who: 'bob', pull: 0 } },
        { after: 60, event: { type: 'reopen', who: 'olga', pull: 0 } },
      ],
    },
  },
  {
    shows: 'a step that a command brought into conflict was not planned anew before the base branch moved',
    plan: {
      ...BASIC,
      world: { ...BASIC.world, services: ['web', 'api'] },
      events: [
        { after: 1, event: { type: 'start', who: 'olga', to: 3, share: 25, at: 1 } },
        { after: 60, event: { type: 'merge', who: 'bob', pull: 0 } },
        { after: 20, event: { type: 'start', who: 'alice', to: 3, share: 5, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'olga', pull: 0 } },
        { after: 20, event: { type: 'command', who: 'alice', pull: 1, text: '/canary next web' } },
      ],
    },
  },
]
