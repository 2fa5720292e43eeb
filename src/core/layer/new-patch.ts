import { inFolder, nameOf, parentOf } from '../environment/tree.ts'
import type { AnyEdit } from '../manifest/edit/edit.ts'
import { yamlText } from '../manifest/edit/items.ts'
import { isRecord, listOf, recordOf, textOf } from '../manifest/data.ts'
import { versionOf } from '../manifest/identity.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import type { Kustomization } from './kustomization.ts'
import type { Operation } from './operations.ts'

/** A patch to add to a kustomization: the edits of its file and, if its patches are files, the text of a new one. */
export interface NewPatch {
  readonly edits: readonly AnyEdit[]
  readonly file: { readonly path: string; readonly text: string } | undefined
}

/**
 * A patch with operations on one object, in the style of the kustomization. If its last patch is a file, the new one is a
 * file next to it. If it has no patches or inline ones, the new one is inline. It is in `patchesJson6902` if the
 * kustomization uses that.
 */
export function newPatch(
  { manifest, folder }: Kustomization,
  object: ManifestObject,
  { operations, isTaken }: { readonly operations: readonly Operation[]; readonly isTaken: (path: string) => boolean },
): NewPatch {
  const lists = recordOf(manifest.documents[0]?.data)
  const field = !isFilled(lists['patches']) && isFilled(lists['patchesJson6902']) ? 'patchesJson6902' : 'patches'
  const last = listOf(lists[field]).at(-1)
  const style = recordOf(last)
  const text = `${operations.map((operation) => `- ${yamlText(operation, { flow: true })}`).join('\n')}\n`
  const target = targetOf(object, field)
  const add = (holder: Readonly<Record<string, unknown>>): AnyEdit => ({
    kind: 'append',
    document: 0,
    path: [field],
    item: Object.keys(style)[0] === 'target' || !isRecord(last) ? { target, ...holder } : { ...holder, target },
  })
  if (typeof style['path'] !== 'string') return { edits: [add({ patch: text })], file: undefined }
  const name = fileName(style['path'], object, (path) => isTaken(inFolder(folder, path)))
  const eol = manifest.text.includes('\r\n') ? '\r\n' : '\n'
  const file = { path: inFolder(folder, name), text: text.replaceAll('\n', eol) }
  return { edits: [add({ path: name })], file }
}

/** The names in the file, because kustomize identifies the object by them in every overlay. */
function targetOf(
  { apiVersion, group, kind, name, data }: ManifestObject,
  field: string,
): Readonly<Record<string, string>> {
  const version = versionOf(apiVersion)
  const namespace = textOf(recordOf(data['metadata'])['namespace'])
  return {
    ...(field === 'patchesJson6902' ? { ...(group === '' ? {} : { group }), version } : {}),
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
  }
}

/** `patches/web-timeout.yaml` → `patches/web-canary.yaml`. A `patch-` prefix is kept. */
function fileName(sibling: string, { name }: ManifestObject, isTaken: (path: string) => boolean): string {
  const folder = parentOf(sibling)
  const lead = /^patch[-_.]/.exec(nameOf(sibling))?.[0] ?? ''
  const end = sibling.endsWith('.yml') ? '.yml' : '.yaml'
  for (let count = 1; ; count += 1) {
    const path = inFolder(folder, `${lead}${name}-canary${count === 1 ? '' : `-${count}`}${end}`)
    if (!isTaken(path)) return path
  }
}

function isFilled(value: unknown): boolean {
  return listOf(value).length > 0
}
