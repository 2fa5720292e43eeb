/** The meaning of an API server's answers. The real ones are in test/adapters/policy/dry-run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../src/core/config/read.ts'
import { nextStepWords } from '../../../src/core/message/comment/next-step-words.ts'
import { atField, fieldPath } from '../../../src/core/policy/field-path.ts'
import { readAnswer, type ServerStatus } from '../../../src/core/policy/server-answer.ts'
import { dryRunGap } from '../../../src/core/problem/tools.ts'

function status(message: string, more: Partial<ServerStatus> = {}): ServerStatus {
  return { message, reason: '', kind: '', name: '', causes: [], ...more }
}

/** `refused: text`, `not-allowed: text`. */
function verdict(code: number, said?: ServerStatus): string {
  const read = readAnswer(code, said)
  if (read.type === 'refused') return `refused: ${read.faults.map(({ text }) => text).join(' | ')}`
  return read.type === 'gap' ? `${read.code}: ${read.text}` : read.type
}

const ROLE =
  'services "web" is forbidden: User "a \\"b\\"" cannot patch resource "services" in API group "" in the namespace "x"'
const POD_SECURITY = 'pods "web" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
const POLICY =
  "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'owners' with binding 'all' denied request: no owner"
const WEBHOOK = 'admission webhook "a.example.com" denied the request: no'

test('an answer is a refusal of the object, or none at all', () => {
  const table: readonly (readonly [code: number, said: ServerStatus | undefined, expected: string])[] = [
    [403, status(ROLE), `not-allowed: ${ROLE}`],
    [
      403,
      status('forbidden: User "x" cannot get path "/apis"'),
      'not-allowed: forbidden: User "x" cannot get path "/apis"',
    ],
    [403, status(POD_SECURITY), `refused: ${POD_SECURITY}`],
    [403, status(POLICY), `refused: ${POLICY}`],
    // Text from the object is not a message of the server.
    [403, status(`${POD_SECURITY} ${ROLE}`), `refused: ${POD_SECURITY} ${ROLE}`],
    [422, status('type: "the dryRun feature is disabled"'), 'refused: type: "the dryRun feature is disabled"'],
    [400, status('the dryRun alpha feature is disabled'), 'no-dry-run: the dryRun alpha feature is disabled'],
    // A policy and a webhook may choose the code.
    [401, status('Unauthorized'), 'unauthorized'],
    [413, status(POLICY), `refused: ${POLICY}`],
    [500, status(WEBHOOK), `refused: ${WEBHOOK}`],
    [400, status(WEBHOOK), `refused: ${WEBHOOK}`],
    [422, status(POLICY, { causes: [{ reason: '', message: 'no owner', field: '' }] }), `refused: ${POLICY}`],
    [400, status('metadata.managedFields must be nil'), 'refused: metadata.managedFields must be nil'],
    [
      400,
      status('admission webhook "a.example.com" does not support dry run'),
      'no-dry-run: admission webhook "a.example.com" does not support dry run',
    ],
    [
      400,
      status('admission webhook "a.example.com" denied the request: b does not support dry run'),
      'refused: admission webhook "a.example.com" denied the request: b does not support dry run',
    ],
    [404, status('namespaces "x" not found', { kind: 'namespaces', name: 'x' }), 'no-namespace: x'],
    [
      404,
      status('the server could not find the requested resource'),
      'no-kind: the server could not find the requested resource',
    ],
    [
      403,
      status('being terminated', { causes: [{ reason: 'NamespaceTerminating', message: '', field: '' }] }),
      'not-answered: being terminated',
    ],
    [409, status('the object has been modified'), 'not-answered: the object has been modified'],
    [415, status('unsupported'), 'not-answered: unsupported'],
    [429, status('too many requests'), 'not-answered: too many requests'],
    [
      500,
      status('Internal error occurred: failed calling webhook'),
      'not-answered: Internal error occurred: failed calling webhook',
    ],
    [504, status('timed out'), 'not-answered: timed out'],
    [422, status(''), 'not-answered: HTTP 422'],
    [502, undefined, 'not-answered: HTTP 502'],
    [403, undefined, 'not-answered: HTTP 403'],
  ]
  for (const [code, said, expected] of table) assert.equal(verdict(code, said), expected)
})

test('each fault is reported at its field', () => {
  const causes = [
    { reason: 'FieldValueInvalid', message: 'too long', field: 'spec.http[0].timeout' },
    { reason: '', message: 'odd', field: '<nil>' },
  ]
  assert.deepEqual(readAnswer(422, status('invalid', { causes })), {
    type: 'refused',
    faults: [
      { text: 'at spec.http[0].timeout: too long', path: ['spec', 'http', 0, 'timeout'] },
      { text: 'odd', path: [] },
    ],
  })
  const quoted = 'failed to create typed patch object (/web; apps/v1, Kind=Deployment): .spec.a: it says errors: none'
  assert.deepEqual(readAnswer(500, status(quoted)), {
    type: 'refused',
    faults: [{ text: 'at spec.a: it says errors: none', path: ['spec', 'a'] }],
  })
  const several =
    'failed to create typed patch object (/web; apps/v1, Kind=Deployment): errors:\n  .spec.a: field not declared in schema\n  .spec.b[0].c: expected map, got &{1}'
  assert.deepEqual(readAnswer(500, status(several)), {
    type: 'refused',
    faults: [
      { text: 'at spec.a: field not declared in schema', path: ['spec', 'a'] },
      { text: 'at spec.b[0].c: expected map, got &{1}', path: ['spec', 'b', 0, 'c'] },
    ],
  })
})

test('a field is a path as far as it names its steps', () => {
  assert.deepEqual(fieldPath('metadata.labels[example.com/team]'), ['metadata', 'labels', 'example.com/team'])
  assert.deepEqual(fieldPath('.spec.ports[port=80,protocol="TCP"].name'), ['spec', 'ports'])
  assert.deepEqual(fieldPath('metadata.labels[]'), ['metadata', 'labels', ''])
  assert.deepEqual(fieldPath('<nil>'), [])
  assert.equal(atField('', 'odd'), 'odd')
})

test('the config asks for a dry run by name, or with what is left out and the field manager of the deployer', () => {
  const validatorsIn = (text: string) => {
    const config = readConfig(`validators: [${text}]\n`)
    return config.ok ? config.value.validators : config.error.map(({ message }) => message)
  }
  assert.deepEqual(validatorsIn('dry-run'), [{ name: 'dry-run', ignore: [], fieldManager: 'perch' }])
  assert.deepEqual(validatorsIn('{ name: dry-run, ignore: [Rollout], fieldManager: kustomize-controller }'), [
    { name: 'dry-run', ignore: ['Rollout'], fieldManager: 'kustomize-controller' },
  ])
  assert.match(JSON.stringify(validatorsIn('{ name: dry-run, fieldManager: "a b" }')), /name of a field manager/)
  assert.match(JSON.stringify(validatorsIn('{ name: dry-run, kubeconfig: x }')), /kubeconfig/)
})

test('where the API server gave no verdict, a person is told how to have it asked again', () => {
  const about = { environment: 'production', title: 'Service web', place: undefined }
  const gap = dryRunGap({ code: 'no-kind', text: '' }, about)
  assert.match(nextStepWords({ changes: [], problems: [gap] }), /do what is listed under Problems[^]*\/canary retry/)
})
