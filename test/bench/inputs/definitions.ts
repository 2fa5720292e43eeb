/**
 * The memory of a look at many roots that render large definitions of kinds, minus that of a look at one small root. The memory
 * of child processes does not count.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { RepositoryLook } from '../../field/repository-look.ts'
import { inFolder } from '../measure.ts'
import type { BenchResult } from '../report.ts'

const ROOTS = 20
const DEFINITIONS = 20
/** The number of fields in a definition. Each definition has about 0.3 MB. */
const FIELDS = 2_000
const MEMORY_MB = 300
const LOOK = join(import.meta.dirname, '../../field/look.ts')

export async function benchDefinitions(): Promise<BenchResult> {
  const none = await peakOf({ roots: 1, definitions: 0 })
  const many = await peakOf({ roots: ROOTS, definitions: DEFINITIONS })
  return {
    name: `${ROOTS} roots that each render ${DEFINITIONS} large definitions`,
    rows: [
      { what: 'peak of one small root', value: none, unit: 'MB' },
      { what: 'peak', value: many, unit: 'MB' },
      { what: 'what the definitions add', value: many - none, unit: 'MB', budget: { atMost: MEMORY_MB } },
    ],
  }
}

async function peakOf({
  roots,
  definitions,
}: {
  readonly roots: number
  readonly definitions: number
}): Promise<number> {
  return inFolder(async (folder) => {
    const names = Array.from({ length: definitions }, (_, index) => `kind-${index}.yaml`)
    const write = (path: string, text: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    write('base/kustomization.yaml', `resources: [map.yaml, ${names.join(', ')}]\n`)
    write('base/map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\n')
    names.forEach((name, index) => write(`base/${name}`, definition(index)))
    for (let root = 0; root < roots; root += 1)
      write(`overlays/region-${root}/kustomization.yaml`, `resources: [../../base]\nnamespace: region-${root}\n`)
    const { stdout } = await promisify(execFile)(process.execPath, [LOOK, folder], { maxBuffer: 64 * 2 ** 20 })
    const look = RepositoryLook.parse(JSON.parse(stdout))
    if (look.environments.length !== roots || look.reds.length > 0) throw new Error(look.reds.join('\n'))
    return look.megabytes
  })
}

function definition(index: number): string {
  const fields = Array.from(
    { length: FIELDS },
    (_, field) =>
      `              field${field}:\n                description: What field ${field} of kind ${index} is for, in a sentence as they are.\n                type: string\n`,
  )
  return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: kind${index}s.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { kind: Kind${index}, plural: kind${index}s }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
${fields.join('').replaceAll(/^/gm, '    ')}
`
}
