/** The stories that the demo can play. */
import type { GitHubBox } from '../../sandbox/github.ts'
import { changesOf } from './log.ts'
import { playFailedRollout, playGoodRollout, playPromotion, playSwitch, type Stage } from './play.ts'
import { demoFiles, promoteFiles, switchFiles } from './repository.ts'

export interface DemoStory {
  /** A short description of what the story shows. */
  readonly shows: string
  /** The repository at the beginning. */
  readonly files: () => Record<string, string>
  readonly play: (stage: Stage) => Promise<void>
  /** What to print at the end. */
  readonly closing?: (box: GitHubBox) => string
}

/** By the name for `perch demo --story`. */
export const DEMO_STORIES: Readonly<Record<'rollouts' | 'switch' | 'promote', DemoStory>> = {
  rollouts: {
    shows: 'two rollouts',
    files: demoFiles,
    async play(stage) {
      stage.timeline.heading('Rollout 1: api-service v2 becomes the stable version, step by step')
      await playGoodRollout(stage)
      stage.timeline.heading('Rollout 2: api-service v3 fails its analysis at 25%, and is rolled back')
      await playFailedRollout(stage)
    },
    closing(box) {
      const commits = box.repository().log('main').toReversed()
      const end = commits.findIndex(({ message }) => message.startsWith('Release api-service v3'))
      return `What rollout 1 changed on main: ${changesOf(box, commits[0]?.sha ?? '', commits[end - 1]?.sha ?? '')}.`
    },
  },
  switch: {
    shows: 'a switch of all traffic, and the way back',
    files: switchFiles,
    async play(stage) {
      stage.timeline.heading('api-service has two versions: everybody is on blue, and testers see green')
      await playSwitch(stage)
    },
  },
  promote: {
    shows: 'a change of staging that comes to production',
    files: promoteFiles,
    async play(stage) {
      stage.timeline.heading('A timeout is tried in staging; then /promote carries it to production')
      await playPromotion(stage)
    },
  },
}

export type DemoStoryName = keyof typeof DEMO_STORIES

export function isDemoStory(name: string): name is DemoStoryName {
  return Object.hasOwn(DEMO_STORIES, name)
}
