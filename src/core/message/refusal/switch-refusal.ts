import type { Refusal } from '../../refusal/refusal.ts'
import { code, list } from '../markdown/markdown.ts'

type SwitchRefusal = Extract<Refusal, { code: 'is-blue-green' | 'is-canary' | 'unknown-version' }>

/** Why a command does not fit the strategy of a service, or which versions it has. */
export function explainSwitch(refusal: SwitchRefusal): string {
  switch (refusal.code) {
    case 'is-blue-green':
      return `${code(refusal.name)} is a blue/green service: its traffic moves all at once, not in steps. Comment ${code(`/switch ${refusal.idle}`)} to send all of it to ${code(refusal.idle)}.`
    case 'is-canary':
      return `${code(refusal.name)} is not a blue/green service: its traffic moves in steps. Comment ${code(`/canary <percent> ${refusal.service}`)}. To switch it, write ${code('strategy: blue-green')} and its two ${code('versions')} in ${code(`services.${refusal.service}`)} of ${code('.github/canary.yml')}.`
    case 'unknown-version':
      return `${code(refusal.asked)} is not a version of ${code(refusal.name)}. Its versions are ${list(refusal.known)}.`
  }
}
