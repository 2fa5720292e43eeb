/** Two trees in memory, and the review of the change from one to the other. */
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import type { Review } from '../../../src/core/gate/review.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import type { Validators } from '../../../src/ports/validators.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { memoryValidators } from '../../memory/validators.ts'

export type Files = Readonly<Record<string, string>>

const schemas = openSchemas()

/** A file that exists and cannot be read, for example because it is binary. */
export const NO_TEXT = '\0'

interface Programs {
  readonly renderer: Renderer
  readonly validators: Validators
}

/**
 * The review of a pull request that changes or removes some files: its problems, and its notes (`remote web/kustomization.yaml`).
 */
export async function reviewed(
  before: Files,
  changed: Readonly<Record<string, string | undefined>>,
  { renderer = memoryRenderer(), validators = memoryValidators() }: Partial<Programs> = {},
): Promise<{ readonly problems: readonly string[]; readonly notes: readonly string[]; readonly review: Review }> {
  const after = Object.entries({ ...before, ...changed }).filter(([, text]) => text !== undefined)
  const trees = { before: new Map(Object.entries(before)), after: new Map(after) }
  const side = (name: string) => (name === 'before' ? trees.before : trees.after)
  const mirror = {
    entries: async (name: string) => [...side(name).keys()].map((path) => ({ path, type: 'file' as const })),
    read: async (name: string, paths: readonly string[]) =>
      new Map(
        paths.flatMap((path) => {
          const text = side(name).get(path)
          return text === undefined || text === NO_TEXT ? [] : [[path, text] as const]
        }),
      ),
  }
  const between = { base: 'before', head: 'after', changed: Object.keys(changed) }
  const { review } = await compareTrees({ renderer, schemas, validators, mirror }, between)
  const said = (problems: Review['problems']): readonly string[] =>
    problems.map(({ code, file = '' }) => `${code} ${file}`)
  return { problems: said(review.problems), notes: said(review.notes), review }
}
