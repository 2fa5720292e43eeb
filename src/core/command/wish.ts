import type { ShareWish, Wish } from '../rollout/intend.ts'
import type { PlanCommand, ShareCommand } from './commands.ts'

/** What a command wants of a rollout. */
export function wishOf(command: ShareCommand): ShareWish
export function wishOf(command: ShareCommand | PlanCommand): Wish
export function wishOf(command: ShareCommand | PlanCommand): Wish {
  const query = { service: command.service, environment: command.environment }
  switch (command.name) {
    case 'set':
      return { ...query, kind: 'share', percent: command.percent }
    case 'next':
    case 'promote':
      return { ...query, kind: command.name }
    case 'plan':
      return { ...query, kind: 'plan', steps: command.steps }
  }
}
