import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { TOOLS } from '../../src/core/policy/remark.ts'
import { perch } from '../entry/perch.ts'
import { needsTool, TOOL_PATH } from '../adapters/policy/tools.ts'

process.env['PATH'] = TOOL_PATH

/** The page's examples show what really happens. */

const page = readFileSync('docs/policy.md', 'utf8')
const fences = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
  language,
  body,
}))
const files = new Map(
  fences.flatMap(({ body }) => {
    const path = /^# (\S+)\n/.exec(body)?.[1]
    return path === undefined ? [] : [[path, body.slice(body.indexOf('\n') + 1)] as const]
  }),
)

/** A folder with the page's files: those below policy/, and the environment. */
function folderWith(paths: readonly string[], config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'perch-policy-page-'))
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const path of paths) put(path, files.get(path) ?? assert.fail(path))
  put('.github/canary.yml', `environments: { default: { path: apps } }\n${config}`)
  return folder
}

test('the config on the page is valid', () => {
  const config = readConfig(files.get('.github/canary.yml'))
  assert.ok(config.ok, JSON.stringify(config))
  assert.deepEqual(
    ['opa', ...config.value.validators.map(({ name }) => name)].sort(),
    [...TOOLS].sort(),
    'the page shows all that there are',
  )
})

test('the policies on the page have the results on the page', needsTool('opa'), async () => {
  const config = 'policy: { path: policy, data: policy/data }\n'
  const folder = folderWith(
    ['policy/traffic.rego', 'policy/old.rego', 'policy/data/ports.yaml', 'apps/web.yaml'],
    config,
  )
  try {
    const { out, code } = await perch('validate', '--dir', folder)
    assert.equal(code, 1)
    const expected = fences.find(({ language }) => language === 'text')?.body ?? ''
    // The line numbers on the page are those of the file on the page, without the line with its name.
    assert.deepEqual(out.split('\n').sort(), expected.split('\n').sort())
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a policy about several objects sees them all', needsTool('opa'), async () => {
  const folder = folderWith(['policy/budget.rego', 'apps/web.yaml'], 'policy: { path: policy }\n')
  try {
    const { out } = await perch('validate', '--dir', folder)
    assert.match(
      out,
      /^apps\/web\.yaml:12: policy .*Service web in default: its environment has no PodDisruptionBudget\./m,
    )
    const budget = 'apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: web }\n'
    writeFileSync(join(folder, 'apps/budget.yaml'), budget)
    assert.equal((await perch('validate', '--dir', folder)).code, 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
