/**
 * The gates that a maintainer can override with a command. For the others (`version`, `config`), something has to be changed
 * instead.
 */
export const OVERRIDABLE = ['live', 'bake', 'analysis', 'order', 'approvals', 'hold', 'freeze', 'conflict'] as const
export type OverridableGate = (typeof OVERRIDABLE)[number]

const GATES = [...OVERRIDABLE, 'version', 'config', 'queue'] as const

export type GateName = (typeof GATES)[number]

export function isGate(name: string): name is GateName {
  return GATES.some((gate) => gate === name)
}

export function isOverridable(name: string): name is OverridableGate {
  return OVERRIDABLE.some((gate) => gate === name)
}
