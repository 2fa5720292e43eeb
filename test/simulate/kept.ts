import type { Plan } from './events.ts'

/** Plays that once broke a law, as short as they could be made, each with what it showed. */
export const KEPT: readonly { readonly shows: string; readonly plan: Plan }[] = [
  {
    shows: 'the comment of a pull request that was opened again said what it changed before it came into conflict',
    plan: {
      seed: 1,
      world: {
        services: ['web'],
        environments: ['production'],
        config: {
          steps: [5, 25, 100],
          bakeMinutes: 5,
          live: 'timer',
          isOrdered: false,
          autoMerge: 'never',
          approvals: 0,
        },
      },
      sweepSeconds: 60,
      deletesBranches: false,
      events: [
        { after: 1, event: { type: 'start', who: 'olga', to: 3, share: 50, at: 0 } },
        { after: 60, event: { type: 'push-main', who: 'alice', change: { kind: 'share', to: 5 }, at: 0 } },
        { after: 1, event: { type: 'close', who: 'bob', pull: 0 } },
        { after: 60, event: { type: 'reopen', who: 'olga', pull: 0 } },
      ],
    },
  },
]
