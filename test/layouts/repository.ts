import assert from 'node:assert/strict'
import { structuredPatch } from 'diff'
import { parseCommands } from '../../src/core/command/parse.ts'
import { wishOf } from '../../src/core/command/wish.ts'
import { discoverEnvironments } from '../../src/core/environment/discover-environments.ts'
import { parseRendered, type RenderedObject } from '../../src/core/diff/objects.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { setInCheckout, type CheckoutChange, statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { differences } from '../../src/core/layer/compare.ts'
import type { Refusal } from '../../src/core/refusal/refusal.ts'
import { renderer } from '../tools.ts'

export const VS = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: web
spec:
  hosts: [web]
  http:
    - name: main
      route:
        - destination: {host: web, subset: stable}
          weight: 100
        - destination: {host: web, subset: canary}
          weight: 0
`

export const DR = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: web
spec:
  host: web
  subsets:
    - name: stable
      labels: {version: v1}
    - name: canary
      labels: {version: v2}
`

/** A base with a route and its versions, and overlays by name. Each overlay has other fields for its kustomization. */
export function repository(
  overlays: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
): Map<string, string> {
  return new Map([
    ['base/kustomization.yaml', 'resources:\n  - vs.yaml\n  - dr.yaml\n'],
    ['base/vs.yaml', VS],
    ['base/dr.yaml', DR],
    ...Object.entries(overlays).map(([name, text]): [string, string] => [
      `overlays/${name}/kustomization.yaml`,
      /resources"?:/.test(text) ? text : `resources:\n  - ../../base\n${text}`,
    ]),
    ...Object.entries(files),
  ])
}

/** A folder in memory, which is read and written like a checkout. */
export function worktreeOf(files: Map<string, string>) {
  return {
    entries: async () => [...files.keys()].map((path) => ({ path, type: 'file' as const })),
    read: async (_: string, paths: readonly string[]) =>
      new Map(paths.flatMap((path) => (files.has(path) ? [[path, files.get(path) ?? ''] as const] : []))),
    write: async (texts: ReadonlyMap<string, string>) => {
      for (const [path, text] of texts) files.set(path, text)
    },
  }
}

function carryOut(files: Map<string, string>, text: string): ReturnType<typeof setInCheckout> {
  const [line] = parseCommands(text)
  assert.ok(line?.result.ok === true && line.result.command.name === 'set')
  return setInCheckout({ worktree: worktreeOf(files), renderer }, wishOf(line.result.command))
}

/** Carries out `/canary …` in the files. */
export async function command(files: Map<string, string>, text: string): Promise<CheckoutChange<number>> {
  const done = await carryOut(files, text)
  assert.ok(done.ok, done.ok ? '' : plainWords(explainRefusal(done.error)))
  return done.value
}

/** The refusal of `/canary …`. The files must stay the same. */
export async function refusal(files: Map<string, string>, text: string): Promise<Refusal> {
  const before = new Map(files)
  const done = await carryOut(files, text)
  assert.ok(!done.ok, 'carried out')
  assert.deepEqual(files, before)
  return done.error
}

/** The rollouts of a folder with the canary's share, by environment, and with the place of the weights. */
export async function shares(files: Map<string, string>): Promise<Record<string, string>> {
  const status = await statusOfCheckout({ worktree: worktreeOf(files), renderer })
  assert.ok(status.ok)
  return Object.fromEntries(
    status.value.standings.map(({ target, share }) => [
      target.environment,
      `${share}% ${target.route.place.file}:${target.route.rules[0]?.line}`,
    ]),
  )
}

/** The render of one root. Undefined if it does not build. */
export async function renderOne(
  files: Map<string, string>,
  root: string,
): Promise<readonly RenderedObject[] | undefined> {
  const rendered = await renderer.render(files, { kind: 'kustomize', root })
  const parsed = rendered.ok ? parseRendered(rendered.yaml) : undefined
  return parsed?.ok === true ? parsed.objects : undefined
}

/** The renders of all environments by the real kustomize: the objects by kind and name. */
export async function render(files: Map<string, string>): Promise<ReadonlyMap<string, ReadonlyMap<string, unknown>>> {
  const entries = [...files.keys()].map((path) => ({ path, type: 'file' as const }))
  const { environments } = discoverEnvironments({ entries, texts: files })
  const out = new Map<string, ReadonlyMap<string, unknown>>()
  for (const { name, root } of environments) {
    const rendered = await renderer.render(files, { kind: 'kustomize', root })
    assert.ok(rendered.ok, rendered.ok ? '' : `${name}: ${rendered.detail}`)
    const parsed = parseRendered(rendered.yaml)
    assert.ok(parsed.ok)
    out.set(name, new Map(parsed.objects.map((object) => [`${object.kind}/${object.name}`, object.data])))
  }
  return out
}

/** The paths that differ between two renders, with their new values: `production VirtualService/web spec.http.0…: 75`. */
export async function rendersChange(
  before: Map<string, string>,
  after: Map<string, string>,
): Promise<readonly string[]> {
  const [old, now] = [await render(before), await render(after)]
  return [...now].flatMap(([environment, objects]) =>
    [...objects].flatMap(([name, data]) =>
      differences(old.get(environment)?.get(name), data).map(
        ({ path, after: value }) => `${environment} ${name} ${path.join('.')}: ${JSON.stringify(value)}`,
      ),
    ),
  )
}

/** The lines that differ, like in `git diff`, below the path of each file. */
export function linesChanged(before: Map<string, string>, after: Map<string, string>): readonly string[] {
  return [...after].flatMap(([path, text]) => {
    if (before.get(path) === text) return []
    const { hunks } = structuredPatch('', '', before.get(path) ?? '', text, '', '', { context: 0 })
    return [path, ...hunks.flatMap(({ lines }) => lines.filter((line) => /^[-+]/.test(line)))]
  })
}
