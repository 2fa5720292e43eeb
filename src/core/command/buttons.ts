/** What a button on a check stands for: commands that make nothing riskier. */
const BUTTONS = ['retry', 'hold', 'resume', 'abort'] as const

export type ButtonName = (typeof BUTTONS)[number]

export function isButton(name: string): name is ButtonName {
  return BUTTONS.some((button) => button === name)
}
