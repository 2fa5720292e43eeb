import { type RenderedObject } from '../../core/diff/objects.ts'
import type { ToolResult, ObjectRemark } from '../../core/policy/remark.ts'
import type { Rendering, KubeconformSchemas } from '../../ports/validators.ts'
import type { ProgramKind } from '../process-sandbox/installed.ts'
import { objectAt, objectFiles, OBJECTS } from './objects.ts'
import type { Program } from './program.ts'
import { KubeconformResult } from './schema.ts'
import { pointerPath } from '../../core/manifest/json-pointer.ts'
import { isOfKind } from '../../core/manifest/identity.ts'

export const KUBECONFORM: ProgramKind = {
  name: 'kubeconform',
  versionArgs: ['-v'],
  // A self-built kubeconform reports the version `development`.
  versionIn: (said) => said.trim().split('\n')[0],
}

const SCHEMAS = 'schemas'

/**
 * Where a folder may contain a schema: in the layout of kubernetes-json-schema, in that of CRDs-catalog, or without subfolders.
 * All folders are passed by name, because without any location kubeconform fetches its schemas from the network.
 */
const LAYOUTS = [
  '{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/{{.ResourceKind}}{{.KindSuffix}}.json',
  '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json',
  '{{.ResourceKind}}{{.KindSuffix}}.json',
  '{{.ResourceKind}}_{{.ResourceAPIVersion}}.json',
]

const UNKNOWN = {
  level: 'error',
  rule: '',
  text: 'no schema can have the name of this kind and version',
  path: [],
} as const

/** The kind and version become parts of schema paths, and a pull request chooses them. */
function isPlainKind({ data }: RenderedObject): boolean {
  const words = [data['kind'], data['apiVersion']]
  return words.every((word) => typeof word === 'string' && /^[\w.\-/]*$/.test(word) && !word.includes('..'))
}

interface Question {
  readonly rendering: Rendering
  readonly schemas: KubeconformSchemas
  /** Schema folders on this machine. */
  readonly folders: readonly string[]
}

/** The objects that do not match their schema, or have none. */
export async function fit(
  program: Program,
  { rendering, schemas, folders }: Question,
): Promise<ToolResult<ObjectRemark>> {
  const { texts, kubernetes, strict } = schemas
  const asked = rendering.objects
    .map((object, index) => ({ object, index }))
    .filter(({ object }) => !schemas.ignore.some((written) => isOfKind(object, written)))
  const odd = asked.flatMap(({ object, index }) => (isPlainKind(object) ? [] : [{ ...UNKNOWN, object: index }]))
  const kept = asked.filter(({ object }) => isPlainKind(object))
  if (kept.length === 0) return { ok: true, remarks: odd }
  const places = [...(texts.size > 0 ? [SCHEMAS] : []), ...folders]
  if (places.length === 0)
    return {
      ok: false,
      failure: { code: 'not-valid', faults: [{ file: undefined, line: 1, code: 'no-schemas', text: '' }] },
    }
  const own = [...texts].map(([path, text]): [string, string] => [`${SCHEMAS}/${path}`, text])
  const output = await program.run({
    files: new Map([...objectFiles(kept.map(({ object }) => object)), ...own]),
    args: [
      '-output',
      'json',
      '-n',
      '2',
      ...(kubernetes === undefined ? [] : ['-kubernetes-version', kubernetes]),
      ...(strict ? ['-strict'] : []),
      ...places.flatMap((place) => LAYOUTS.flatMap((layout) => ['-schema-location', `${place}/${layout}`])),
      OBJECTS,
    ],
    codes: [0, 1],
  })
  if (!output.ok) return { ok: false, failure: output.failure }
  const result = KubeconformResult.safeParse(output.stdout)
  if (!result.success) return { ok: false, failure: { code: 'failed', detail: output.stderr.trim().slice(0, 2_000) } }
  const remarks = result.data.resources.flatMap((resource): readonly ObjectRemark[] => {
    const index = objectAt(resource.filename)
    const object = index === undefined ? undefined : kept[index]?.index
    return object === undefined ? [] : remarksOn(object, resource)
  })
  return { ok: true, remarks: [...odd, ...remarks] }
}

type Resource = ReturnType<typeof KubeconformResult.parse>['resources'][number]

function remarksOn(object: number, { status, msg, validationErrors }: Resource): readonly ObjectRemark[] {
  if (status === 'statusValid' || status === 'statusSkipped' || status === 'statusEmpty') return []
  const remark = { level: 'error', rule: '', object } as const
  if (validationErrors.length === 0) return [{ ...remark, text: withoutPlaces(msg), path: [] }]
  return validationErrors.map(({ path, msg: text }) => ({
    ...remark,
    text: path === '' ? text : `at ${path}: ${text}`,
    path: pointerPath(path),
  }))
}

/** Removes the schema's location on this machine, which is not for others to see. */
function withoutPlaces(text: string): string {
  return text.replaceAll(/'?file:\/\/\S+/g, 'its schema')
}
