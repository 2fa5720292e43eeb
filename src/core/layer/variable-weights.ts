/** Changes weights that are variables of a deployer, where the variables get their values. */
import { documentsIn } from '../delivery/documents.ts'
import type { AnyEdit, Edit, SetValue } from '../manifest/edit/edit.ts'
import { textOf, valueAt } from '../manifest/data.ts'
import type { Draft } from './drafts.ts'
import type { Filler } from './kustomization.ts'
import type { LayeredObject } from './layered.ts'
import { originOf } from './build/origin.ts'
import type { Layout } from './layout.ts'

export interface VariableEdits {
  /** Undefined if a weight is a variable whose value cannot be changed. */
  readonly drafts: readonly Draft[] | undefined
  /** Edits of values that are not variables. */
  readonly rest: readonly Edit[]
}

/** A weight that consists of one variable, with or without a default. */
const VARIABLE = /^\$\{(?<name>\w+)(?:(?<operator>:?=|:-)(?<otherwise>\d+))?\}$/

/** The name of the variable, if the weight is one; undefined otherwise. */
export function variableIn(text: string): string | undefined {
  return VARIABLE.exec(text)?.groups?.['name']
}

/** Splits the edits of an object (paths from its document) by whether they change a variable. */
export function variableEdits(layout: Layout, layered: LayeredObject, edits: readonly Edit[]): VariableEdits {
  const { object, written, filler } = layered
  const drafts: (Draft | undefined)[] = []
  const rest = edits.filter((edit) => {
    if (!isVariableWeight(layered, edit)) return true
    const path = edit.path.slice(object.at.length)
    const weight = { text: textOf(valueAt(written, path)) ?? '', path, value: edit.value }
    drafts.push(filler && draftFor({ layout, layered, filler }, weight))
    return false
  })
  const known = drafts.filter((draft) => draft !== undefined)
  return { drafts: known.length === drafts.length ? known : undefined, rest }
}

/** Whether an edit of an object changes a number that is a variable in the file. */
export function isVariableWeight(
  { object, written }: LayeredObject,
  edit: Edit,
): edit is SetValue & { readonly value: number } {
  if (edit.kind !== 'set' || typeof edit.value !== 'number') return false
  return textOf(valueAt(written, edit.path.slice(object.at.length)))?.includes('${') === true
}

interface VariableScene {
  readonly layout: Layout
  readonly layered: LayeredObject
  readonly filler: Filler
}

interface VariableValue {
  readonly text: string
  readonly path: readonly (string | number)[]
  readonly value: number
}

function draftFor({ layout, layered, filler }: VariableScene, { text, path, value }: VariableValue): Draft | undefined {
  const { name = '', operator = '', otherwise } = VARIABLE.exec(text)?.groups ?? {}
  const place = filler.places.get(name)
  if (place !== undefined) {
    const manifest = documentsIn(place.file, layout.texts.get(place.file) ?? '', place.wanted)
    const edit: AnyEdit = { kind: 'set', document: place.document, path: place.path, value: String(value) }
    return manifest && { manifest, patch: undefined, edits: [edit] }
  }
  if (otherwise === undefined || filler.fill(text) !== otherwise) return undefined
  // The default applies.
  const origin = originOf(layered, path)
  const edit: AnyEdit = {
    kind: 'set',
    document: origin.document,
    path: origin.path,
    value: `\${${name}${operator}${value}}`,
  }
  return { manifest: origin.patch?.holder ?? layered.manifest, patch: origin.patch, edits: [edit] }
}
