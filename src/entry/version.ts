import manifest from '../../package.json' with { type: 'json' }

/** Of this Perch; package.json is its one source. */
export const VERSION: string = manifest.version
