import * as z from 'zod'
import type { RuleProblem } from './analysis.ts'

export const Waves = z
  .array(z.array(z.string().min(1)).nonempty())
  .describe(
    'Names of environments in waves, such as `[[eu-1], [eu-2, us-1]]`. Each wave takes a step after the waves before it. The environments of one wave move in one pull request. Default: the steps of the ApplicationSet that deploys them. `[]`: no waves.',
  )

interface WavesConfig {
  readonly environments?: Readonly<Record<string, unknown>> | undefined
  readonly services: Readonly<Record<string, { readonly waves?: readonly (readonly string[])[] | undefined }>>
}

/** Each environment must appear once, and must be in `environments` if the config has that key. No name may mean two different environments. */
export function waveProblems({ environments, services }: WavesConfig): readonly RuleProblem[] {
  return Object.entries(services).flatMap(([service, { waves = [] }]) => {
    const seen = new Set<string>()
    const taken = new Set([...Object.keys(environments ?? {}), ...waves.flat()])
    const alike = waves.flatMap((wave, index): RuleProblem[] => {
      const name = wave.join('+')
      if (wave.length === 1) return []
      const isTaken = taken.has(name)
      taken.add(name)
      const message = `is called ${name}, as an environment or another wave is: list its environments in another order`
      return isTaken ? [{ path: ['services', service, 'waves', index], message }] : []
    })
    const places = waves.flatMap((wave, index) =>
      wave.flatMap((name, place): RuleProblem[] => {
        const path = ['services', service, 'waves', index, place]
        const isTwice = seen.has(name)
        seen.add(name)
        if (isTwice) return [{ path, message: `names ${name} a second time: each environment is in one wave` }]
        return environments === undefined || Object.hasOwn(environments, name)
          ? []
          : [{ path, message: `names ${name}, which this file does not list as an environment` }]
      }),
    )
    return [...places, ...alike]
  })
}
