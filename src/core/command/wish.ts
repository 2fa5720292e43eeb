import type { ShareWish, StepWish, SwitchWish, Wish } from '../rollout/intend.ts'
import type { PlanCommand, ShareCommand, SwitchCommand } from './commands.ts'

/** What a command wants of a rollout. */
export function wishOf(command: ShareCommand): ShareWish
export function wishOf(command: SwitchCommand): SwitchWish
export function wishOf(command: ShareCommand | SwitchCommand): StepWish
export function wishOf(command: ShareCommand | SwitchCommand | PlanCommand): Wish
export function wishOf(command: ShareCommand | SwitchCommand | PlanCommand): Wish {
  const query = { service: command.service, environment: command.environment }
  switch (command.name) {
    case 'set':
      return { ...query, kind: 'share', percent: command.percent }
    case 'switch':
      return { ...query, kind: 'switch', version: command.version }
    case 'next':
    case 'promote':
      return { ...query, kind: command.name }
    case 'plan':
      return { ...query, kind: 'plan', steps: command.steps }
  }
}
