/** Two trees in memory, and the review of the change from one to the other. */
import { openSchemas } from '../../../src/adapters/schemas/schemas.ts'
import { TOOLS } from '../../../src/core/policy/remark.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'
import type { Review } from '../../../src/core/gate/review.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'
import { type KeepsText, LARGE_BYTES, type TreeEntry } from '../../../src/ports/mirror.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import type { Validators } from '../../../src/ports/validators.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { memoryValidators } from '../../memory/validators.ts'

export type Files = Readonly<Record<string, string>>

const schemas = openSchemas()

/** A file that exists and cannot be read, for example because it is binary. */
export const NO_TEXT = '\0'

/** Entries that are no files. */
export const SYMLINK = '\0symlink'
export const SUBMODULE = '\0submodule'

function typeOf(text: string | undefined): TreeEntry['type'] {
  if (text === SYMLINK) return 'symlink'
  return text === SUBMODULE ? 'submodule' : 'file'
}

/** An ApplicationSet whose deployments only its plugin knows. */
export const UNKNOWN_SET = `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: all, namespace: argocd }
spec:
  goTemplate: true
  generators:
    - plugin: { configMapRef: { name: secrets } }
  template:
    metadata: { name: "{{ .name }}" }
    spec:
      destination: { namespace: web, server: https://kubernetes.default.svc }
      source: { repoURL: https://github.com/acme/shop, path: "{{ .path }}" }
`

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
    entries: async (name: string) => [...side(name)].map(([path, text]) => ({ path, type: typeOf(text) })),
    read: async (name: string, paths: readonly string[], keeps?: KeepsText) =>
      new Map(
        paths.flatMap((path) => {
          const text = side(name).get(path)
          if (text === undefined || text.startsWith(NO_TEXT)) return []
          const isKept = text.length <= LARGE_BYTES || keeps === undefined || keeps(path, text)
          return isKept ? [[path, text] as const] : []
        }),
      ),
  }
  const between = { base: 'before', head: 'after', changed: Object.keys(changed) }
  const { review } = await compareTrees({ renderer, schemas, validators, mirror }, between)
  const said = (problems: Review['problems']): readonly string[] =>
    problems.map(({ code, file = '' }) => `${code} ${file}`)
  return { problems: said(review.problems), notes: said(review.notes), review }
}

const TITLES = Object.fromEntries(TOOLS.map((tool) => [tool, `${tool} 1.0`]))

/** Programs that refuse everything named forbidden, and warn about everything named odd. */
const PROGRAMS = memoryValidators({
  tools: TITLES,
  compile: ({ modules }) =>
    [...modules.values()].some((text) => text.includes('nope'))
      ? { code: 'not-valid', faults: [{ file: 'policy/ports.rego', line: 2, code: 'said', text: 'nope' }] }
      : undefined,
  about: ({ objects }, tool) => ({
    ok: true,
    remarks: objects.flatMap(({ data }, object) => {
      const text = JSON.stringify(data)
      return [
        ...(text.includes('forbidden')
          ? [{ level: 'error', rule: tool, text: 'forbidden', object, path: [] } as const]
          : []),
        ...(text.includes('odd') ? [{ level: 'warning', rule: tool, text: 'odd', object, path: [] } as const] : []),
      ]
    }),
  }),
  lint: (files) => ({
    ok: true,
    remarks: [...files].flatMap(([file, text]) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          line.endsWith(' ')
            ? [{ level: 'error', rule: 'spaces', text: 'spaces', file, line: index + 1 } as const]
            : [],
        ),
    ),
  }),
})

/** The whole review, as lines, with programs that refuse and warn. */
export async function reviewLines(
  before: Files,
  changed: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const { review } = await reviewed(before, changed, { validators: PROGRAMS })
  const where = ({ code, file = '', line }: Problem): string => `${code} ${file}${line === undefined ? '' : `:${line}`}`
  return [
    ...review.problems.map((one) => `red: ${where(one)}`),
    ...review.notes.map((one) => `note: ${where(one)}`),
    ...review.diffs.map(
      ({ environment, state, resources, hidden, unknownBefore }) =>
        `${environment} ${state}: ${resources.map(({ title }) => title).join(', ')}${hidden > 0 ? `, ${hidden} hidden` : ''}${unknownBefore === undefined ? '' : `, unknown before: ${unknownBefore.code}`}`,
    ),
    ...review.rows.map((row) => JSON.stringify(row)),
    ...review.newVersions.map(({ target }) => `new version of ${target.environment}/${target.service}`),
    ...(review.validators.length === 0 ? [] : [`checked with ${review.validators.join(', ')}`]),
    ...(review.renderer === undefined ? [] : [`by ${review.renderer}`]),
  ]
}
