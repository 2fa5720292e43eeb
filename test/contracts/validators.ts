import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { parseRendered } from '../../src/core/diff/objects.ts'
import { TOOLS } from '../../src/core/policy/remark.ts'
import type { Validators } from '../../src/ports/validators.ts'

/** The render of an environment: a Deployment and a Service. */
export const RENDERING = rendering(`apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}], selector: {app: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 2}
`)

export function rendering(yaml: string) {
  const parsed = parseRendered(yaml)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return { environment: 'production', objects: parsed.objects }
}

export function policy(modules: Readonly<Record<string, string>>, data = {}, packages?: readonly string[]) {
  return { modules: new Map(Object.entries(modules)), data, packages }
}

export function schemas(options: string, texts: Readonly<Record<string, string>>) {
  const config = readConfig(`validators: [{ name: kubeconform, ${options} }]\n`)
  const [settings] = config.ok ? config.value.validators : []
  assert.ok(settings?.name === 'kubeconform', JSON.stringify(config))
  return { ...settings, texts: new Map(Object.entries(texts)) }
}

export function crds(options: string, texts: readonly string[]) {
  const config = readConfig(`validators: [{ name: kubectl-validate, ${options} }]\n`)
  const [settings] = config.ok ? config.value.validators : []
  assert.ok(settings?.name === 'kubectl-validate', JSON.stringify(config))
  return { ...settings, texts: texts.map((text, index) => ({ file: `crds/${index}.yaml`, line: 1, text })) }
}

/** The contract of every adapter if none of its programs is installed. */
export function emptyContract(name: string, open: () => Validators): void {
  test(`${name}: a program that is not there is missing, whatever it is asked`, async () => {
    const validators = open()
    assert.equal((await validators.tools()).size, 0)
    for (const tool of TOOLS) assert.equal((await validators.absence(tool)).code, 'missing')
    const rules = policy({ 'p.rego': 'package main\ndeny contains "x" if input\n' })
    assert.equal((await validators.compile(rules))?.code, 'missing')
    assert.equal((await validators.define(crds('', [])))?.code, 'missing')
    const answers = [
      await validators.judge(rules, RENDERING),
      await validators.lint(new Map([['a.yaml', 'a: 1\n']]), new Map()),
      await validators.fit(RENDERING, schemas('', { 'service-v1.json': '{}' })),
      await validators.admit(RENDERING, crds('', []), []),
      await validators.analyze(RENDERING),
    ]
    const dryRun = await validators.dryRun(RENDERING.objects, { namespace: undefined, fieldManager: 'perch' })
    for (const answer of [...answers, dryRun])
      assert.ok(!answer.ok && answer.failure.code === 'missing', JSON.stringify(answer))
  })
}
