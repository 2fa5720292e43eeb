/** The place of a rollout among the waves of its service. */
export interface Wave {
  /** The environments of the wave, joined by `+`: `eu-2+us-1`. */
  readonly name: string
  /** 0 for the first. */
  readonly index: number
  /** All waves of the service, in order. */
  readonly all: readonly (readonly string[])[]
  /** The ApplicationSet whose order it is. Undefined if the config says so. */
  readonly by: string | undefined
}

/**
 * The wave of a rollout, by its environments. If they share a file and are in several waves, the last one counts, because the
 * rollout moves all of them. Undefined if no wave names one of them.
 */
export function waveOf(
  waves: readonly (readonly string[])[] | undefined,
  environments: readonly string[],
  by?: string,
): Wave | undefined {
  const index = waves?.findLastIndex((names) => names.some((name) => environments.includes(name))) ?? -1
  const names = waves?.[index]
  return waves === undefined || names === undefined ? undefined : { name: names.join('+'), index, all: waves, by }
}

/** The environments of all earlier waves. */
export function environmentsBefore({ all, index }: Wave): readonly string[] {
  return all.slice(0, index).flat()
}

/** The environments of a wave and of all later ones. */
export function environmentsFrom({ all, index }: Wave): readonly string[] {
  return all.slice(index).flat()
}
