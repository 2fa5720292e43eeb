/** The gates that a maintainer may pass by command. What has no answer (`version`, `config`) has to be changed instead. */
export const OVERRIDABLE = ['live', 'bake', 'analysis', 'order', 'approvals', 'hold', 'freeze', 'conflict'] as const
export type OverridableGate = (typeof OVERRIDABLE)[number]

export type GateName = OverridableGate | 'version' | 'config' | 'queue'

export function isOverridable(name: string): name is OverridableGate {
  return OVERRIDABLE.some((gate) => gate === name)
}
