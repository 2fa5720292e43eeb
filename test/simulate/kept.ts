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

/** Steps merge by themselves, while an older pull request changes the same route. */
function olderRival({ share, merged, lost }: Readonly<Record<'share' | 'merged' | 'lost', number>>): Plan {
  return {
    ...BASIC,
    seed: 0,
    world: {
      ...BASIC.world,
      environments: ['staging', 'production'],
      config: { ...BASIC.world.config, steps: [5, 25, 100], autoMerge: 'always' },
    },
    events: [
      { after: 0, event: { type: 'start', who: 'alice', to: 4, share, at: 1 } },
      { after: 0, event: { type: 'merge', who: 'alice', pull: 0 } },
      { after: 0, event: { type: 'start', who: 'alice', to: 3, share: 5, at: 0 } },
      { after: 0, event: { type: 'double-webhooks', count: 1 } },
      { after: 0, event: { type: 'wait', minutes: 1 } },
      { after: 0, event: { type: 'merge', who: 'alice', pull: 3 } },
      { after: 0, event: { type: 'command-on-merged', who: 'alice', pull: merged, text: '/canary resume' } },
      { after: 0, event: { type: 'lose-webhooks', count: lost } },
      { after: 1, event: { type: 'start', who: 'alice', to: 3, share: 5, at: 0 } },
    ],
  }
}

/** Plays that once broke a law, as short as possible, each with what it showed. */
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
  {
    shows: 'after memory was lost, two jobs each answered the command that only one of them carried out',
    plan: {
      seed: 106960,
      world: {
        services: ['web'],
        environments: ['production'],
        config: {
          steps: [5, 25, 100],
          bakeMinutes: 10,
          live: 'status',
          isOrdered: false,
          autoMerge: 'never',
          approvals: 0,
        },
      },
      sweepSeconds: 300,
      deletesBranches: false,
      events: [
        { after: 1, event: { type: 'strike', nth: 11, when: 'after' } },
        { after: 5, event: { type: 'merge', who: 'olga', pull: 2 } },
        { after: 60, event: { type: 'open', who: 'bob', change: { kind: 'share', to: 25 }, at: 0 } },
        { after: 200, event: { type: 'merge', who: 'alice', pull: 1 } },
        { after: 0, event: { type: 'status', said: 'success' } },
        { after: 5, event: { type: 'lose-webhooks', count: 4 } },
        { after: 0, event: { type: 'lose-webhooks', count: 4 } },
        { after: 20, event: { type: 'merge', who: 'alice', pull: 2 } },
        { after: 1, event: { type: 'crash', seconds: 100, loses: 'memo' } },
        { after: 0, event: { type: 'command', who: 'olga', pull: 0, text: '/canary resume' } },
        { after: 60, event: { type: 'command-on-merged', who: 'bob', pull: 1, text: '/canary override hold because' } },
        {
          after: 0,
          event: { type: 'command-on-merged', who: 'mallory', pull: 1, text: '/canary 100 --env production' },
        },
        { after: 1, event: { type: 'merge', who: 'olga', pull: 0 } },
        { after: 0, event: { type: 'command', who: 'mallory', pull: 3, text: '/canary abort' } },
        { after: 0, event: { type: 'close', who: 'olga', pull: 1 } },
      ],
    },
  },
  {
    shows: 'advancing was given up in an outage, and no sweep said that a step stands still because somebody closed it',
    plan: {
      ...BASIC,
      events: [
        { after: 1, event: { type: 'start', who: 'bob', to: 3, share: 25, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 20, event: { type: 'outage', part: 'rest', minutes: 1 } },
        { after: 1, event: { type: 'close', who: 'olga', pull: 0 } },
        { after: 200, event: { type: 'wait', minutes: 5 } },
      ],
    },
  },
  {
    shows: 'the webhook of a closed step was lost, and no sweep said that the rollout stands still',
    plan: {
      ...BASIC,
      events: [
        { after: 1, event: { type: 'start', who: 'bob', to: 3, share: 25, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 20, event: { type: 'lose-webhooks', count: 1 } },
        { after: 1, event: { type: 'close', who: 'olga', pull: 0 } },
      ],
    },
  },
  {
    shows: 'a Perch without memory merged a step although an older pull request that moves the same route was open',
    plan: {
      seed: 14,
      world: {
        services: ['web'],
        environments: ['staging', 'production'],
        config: {
          steps: [50, 100],
          bakeMinutes: 5,
          live: 'timer',
          isOrdered: false,
          autoMerge: 'always',
          approvals: 0,
        },
      },
      sweepSeconds: 60,
      deletesBranches: false,
      events: [
        { after: 5, event: { type: 'merge', who: 'olga', pull: 0 } },
        { after: 0, event: { type: 'strike', nth: 16, when: 'after' } },
        { after: 5, event: { type: 'merge', who: 'bob', pull: 0 } },
        { after: 1, event: { type: 'merge', who: 'alice', pull: 1 } },
        { after: 200, event: { type: 'wait', minutes: 5 } },
        { after: 5, event: { type: 'merge', who: 'alice', pull: 3 } },
        { after: 1, event: { type: 'status', said: 'failure' } },
        { after: 20, event: { type: 'merge', who: 'olga', pull: 3 } },
        { after: 5, event: { type: 'command', who: 'alice', pull: 3, text: '/canary plan' } },
        { after: 0, event: { type: 'open', who: 'bob', change: { kind: 'words', text: 1 }, at: 0 } },
        { after: 1, event: { type: 'merge', who: 'olga', pull: 3 } },
        { after: 5, event: { type: 'strike', nth: 12, when: 'after' } },
        { after: 0, event: { type: 'lose-webhooks', count: 3 } },
        { after: 20, event: { type: 'update-branch', who: 'olga', pull: 1 } },
        { after: 1, event: { type: 'command', who: 'bob', pull: 3, text: '/canary hold it smells' } },
        { after: 1, event: { type: 'command', who: 'alice', pull: 0, text: '/canary next --env production' } },
        { after: 200, event: { type: 'merge', who: 'alice', pull: 3 } },
        { after: 5, event: { type: 'status', said: 'success' } },
        { after: 60, event: { type: 'open', who: 'alice', change: { kind: 'version', to: 4 }, at: 0 } },
        { after: 1, event: { type: 'open', who: 'olga', change: { kind: 'version', to: 3 }, at: 2 } },
        { after: 200, event: { type: 'merge', who: 'alice', pull: 3 } },
        { after: 5, event: { type: 'status', said: 'success' } },
        { after: 5, event: { type: 'push-main', who: 'bob', change: { kind: 'share', to: 100 }, at: 0 } },
        { after: 5, event: { type: 'wait', minutes: 1 } },
        { after: 5, event: { type: 'merge', who: 'alice', pull: 3 } },
        { after: 200, event: { type: 'start', who: 'alice', to: 5, share: 50, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'alice', pull: 1 } },
        { after: 1, event: { type: 'status', said: 'failure' } },
        { after: 1, event: { type: 'start', who: 'bob', to: 5, share: 5, at: 1 } },
        { after: 1, event: { type: 'command', who: 'mallory', pull: 0, text: '/canary 5\n/canary hold' } },
        { after: 1, event: { type: 'strike', nth: 4, when: 'after' } },
        { after: 200, event: { type: 'strike', nth: 6, when: 'after' } },
        { after: 1, event: { type: 'strike', nth: 6, when: 'after' } },
        { after: 1, event: { type: 'lose-webhooks', count: 4 } },
        { after: 1, event: { type: 'start', who: 'alice', to: 5, share: 5, at: 0 } },
        { after: 60, event: { type: 'push', who: 'alice', pull: 2, change: { kind: 'version', to: 4 }, at: 0 } },
        { after: 5, event: { type: 'merge', who: 'bob', pull: 1 } },
        { after: 60, event: { type: 'start', who: 'olga', to: 3, share: 25, at: 3 } },
      ],
    },
  },
  {
    shows:
      'a step merged though an older pull request moves its route, which was looked at only since the step was judged',
    plan: olderRival({ share: 5, merged: 3, lost: 2 }),
  },
  {
    shows: 'without memory a finish merged before the older pull requests had been looked at',
    plan: olderRival({ share: 50, merged: 0, lost: 1 }),
  },
  {
    shows:
      'a command set a step back to what the base branch has, so that it stayed open for nothing until memory was lost',
    plan: {
      ...BASIC,
      world: { ...BASIC.world, config: { ...BASIC.world.config, steps: [5, 25, 100] } },
      events: [
        { after: 0, event: { type: 'start', who: 'alice', to: 4, share: 50, at: 0 } },
        { after: 300, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 60, event: { type: 'command', who: 'alice', pull: 1, text: '/canary 50' } },
      ],
    },
  },
  {
    shows: 'a command for the share that a rollback has already made another rollback of it',
    plan: {
      ...BASIC,
      world: { ...BASIC.world, config: { ...BASIC.world.config, steps: [5, 25, 100] } },
      events: [
        { after: 0, event: { type: 'start', who: 'alice', to: 3, share: 5, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 20, event: { type: 'command', who: 'alice', pull: 1, text: '/canary abort' } },
        { after: 60, event: { type: 'command', who: 'alice', pull: 2, text: '/canary 0' } },
      ],
    },
  },
  {
    shows: 'a command raised another rollout on the branch of a rollback',
    plan: {
      ...BASIC,
      world: {
        ...BASIC.world,
        environments: ['staging', 'production'],
        config: { ...BASIC.world.config, steps: [5, 25, 100] },
      },
      events: [
        { after: 0, event: { type: 'start', who: 'alice', to: 3, share: 5, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 20, event: { type: 'command', who: 'alice', pull: 1, text: '/canary abort' } },
        { after: 60, event: { type: 'command', who: 'alice', pull: 2, text: '/canary 10 --env production' } },
        { after: 20, event: { type: 'command', who: 'alice', pull: 2, text: '/canary 10 --env staging' } },
      ],
    },
  },
  {
    shows: 'a branch was left behind where the rollout ended while its next step could not be committed',
    plan: {
      ...BASIC,
      seed: 0,
      world: { ...BASIC.world, config: { ...BASIC.world.config, steps: [5, 25, 100] } },
      events: [
        { after: 0, event: { type: 'start', who: 'alice', to: 3, share: 5, at: 0 } },
        { after: 0, event: { type: 'draft', who: 'alice', pull: 0, isDraft: false } },
        { after: 60, event: { type: 'outage', part: 'graphql', minutes: 1 } },
        { after: 0, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 0, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 0, event: { type: 'command', who: 'alice', pull: 0, text: '/canary promote' } },
        { after: 0, event: { type: 'late-webhooks', count: 1, minutes: 1 } },
        { after: 20, event: { type: 'push-main', who: 'alice', change: { kind: 'share', to: 0 }, at: 0 } },
        { after: 0, event: { type: 'command-on-merged', who: 'alice', pull: 0, text: '/freeze production' } },
      ],
    },
  },
  {
    shows:
      'that a rollout waits because somebody changed its step was said on its first pull request only when the base moved',
    plan: {
      ...BASIC,
      world: { ...BASIC.world, config: { ...BASIC.world.config, steps: [5, 25, 100] } },
      events: [
        { after: 0, event: { type: 'start', who: 'alice', to: 3, share: 25, at: 0 } },
        { after: 60, event: { type: 'merge', who: 'alice', pull: 0 } },
        { after: 60, event: { type: 'push', who: 'alice', pull: 0, change: { kind: 'share', to: 25 }, at: 0 } },
        { after: 0, event: { type: 'wait', minutes: 1 } },
        { after: 0, event: { type: 'strike', nth: 0, when: 'before' } },
        { after: 0, event: { type: 'command', who: 'mallory', pull: 0, text: '/canary 0' } },
      ],
    },
  },
]
