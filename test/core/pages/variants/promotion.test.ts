/** The effect of one small change in the source or the target on what a promotion carries, and of one in the render on its proof. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../../../src/core/config/read.ts'
import { parseRendered, type RenderedObject } from '../../../../src/core/diff/objects.ts'
import { emptyFileCache } from '../../../../src/core/environment/file-cache.ts'
import { promotedText } from '../../../../src/core/message/command-line/promoted.ts'
import {
  promotionBody,
  promotionCommit,
  promotionPreview,
} from '../../../../src/core/message/pull-request/promotion.ts'
import { promotionMismatch } from '../../../../src/core/promotion/agree.ts'
import type { PromotionSide } from '../../../../src/core/promotion/folder.ts'
import { planPromotion } from '../../../../src/core/promotion/plan-promotion.ts'
import type { PreparedPromotion, PromotionPlan } from '../../../../src/core/promotion/promotion.ts'
import { readSnapshot } from '../../../../src/core/rollout/snapshot.ts'
import { assertPage } from '../page.ts'
import { review } from '../word-outcomes.ts'
import { flatLines, type Objects, objectVariants, textVariants, variantLines } from './variants.ts'

const ROOT = join(import.meta.dirname, '../../../repositories/promotion')
type Texts = ReadonlyMap<string, string>

const TEXTS: Texts = new Map(
  globSync('**/*.*', { cwd: ROOT })
    .sort()
    .map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
)
/** Files that stay the same are read once. */
const KNOWN = emptyFileCache()

function planOf(texts: Texts, service?: string): PromotionPlan | undefined {
  const config = readConfig(texts.get('canary.yml'))
  assert.ok(config.ok)
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const repository = { name: 'gitops', defaultBranch: 'main' }
  const { snapshot } = readSnapshot({ entries, texts, config: config.value, repository, known: KNOWN })
  const [target, source] = ['production', 'staging'].map((name): PromotionSide | undefined => {
    const environment = snapshot.environments.find((one) => one.name === name)
    return environment && { environment, texts, objects: resourcesOf(texts, environment.files) }
  })
  if (source === undefined || target === undefined) return undefined
  return planPromotion({
    source,
    target,
    config: config.value,
    service,
    routes: snapshot.targets,
    exists: (path) => texts.has(path),
  })
}

/** Instead of a render: the resources as they are written. */
function resourcesOf(texts: Texts, files: readonly string[]): readonly RenderedObject[] {
  const resources = files.filter((file) => /settings|pods|vault|split|base.route/.test(file))
  const parsed = parseRendered(resources.map((file) => texts.get(file) ?? '').join('\n---\n'))
  return parsed.ok ? parsed.objects : []
}

function linesOf(texts: Texts, service?: string): readonly string[] {
  const plan = planOf(texts, service)
  if (plan === undefined) return ['no environment']
  const { files, values, added, images, left } = plan
  return [
    ...[...files].flatMap(([file, text]) => {
      const old = new Set(texts.get(file)?.split('\n'))
      return text.split('\n').flatMap((line) => (old.has(line) ? [] : [`${file} > ${line}`]))
    }),
    ...values.map(({ file, kind, name, path, before, after }) => {
      const change = `${JSON.stringify(before)} → ${JSON.stringify(after)}`
      return `${file} ${kind}/${name} ${path.join('.')}: ${change}`
    }),
    ...flatLines({ added }),
    ...images.map(({ file, name, before, after }) => `${file} image ${name}: ${before} → ${after}`),
    ...left.map(({ file, what, why }) => `${file} left ${what}: ${why}`),
  ]
}

function varied(folder: string, read: (texts: Texts) => readonly string[]): readonly string[] {
  return variantLines(
    TEXTS,
    textVariants(TEXTS, (file) => file.startsWith(folder)),
    read,
  )
}

test('what a promotion carries after one small change in the source is on a page that somebody has approved', () => {
  const sections = { 'as it is': linesOf(TEXTS), 'with one change': varied('staging', linesOf) }
  assertPage('variants/promotion-source.md', sections)
})

test('what a promotion carries after one small change in the target is on a page that somebody has approved', () => {
  assertPage('variants/promotion-target.md', { 'with one change': varied('production', linesOf) })
})

test('what a promotion carries for one service after one small change in their base is on a page that somebody has approved', () => {
  const ofService = (texts: Texts): readonly string[] => linesOf(texts, 'shop')
  const sections = { 'as it is': ofService(TEXTS), 'with one change': varied('base', ofService) }
  assertPage('variants/promotion-service.md', sections)
})

test('what the proof of a promotion says after one small change in its render is on a page that somebody has approved', () => {
  const plan = planOf(TEXTS) ?? assert.fail('no environment')
  const resources = [...TEXTS.keys()].filter((file) => file.startsWith('production') || file === 'base/pods.yaml')
  const before = resourcesOf(TEXTS, resources)
  const pods = (TEXTS.get('base/pods.yaml') ?? '').replace('web:1.3', 'web:1.5')
  const after = resourcesOf(new Map([...TEXTS, ...plan.files, ['base/pods.yaml', pods]]), resources)
  const values = plan.values.filter(({ file }) => resources.includes(file) && /split|settings|vault/.test(file))
  const proof = (now: Objects): readonly string[] => {
    const { also, missing } = promotionMismatch({ before, after: now }, { ...plan, values }, [])
    return [...also.map((what) => `also ${what}`), ...missing.map((what) => `missing ${what}`)]
  }
  const variants = objectVariants(
    after,
    after.map(() => true),
  )
  const sections = { 'as it is': proof(after), 'with one change': variantLines(after, variants, proof) }
  assertPage('variants/promotion-proof.md', sections)
})

test('what people read about a promotion is on a page that somebody has approved', () => {
  const plan = planOf(TEXTS) ?? assert.fail('no environment')
  const [diff] = review().diffs
  assert.ok(diff !== undefined)
  const made = { flow: { from: 'staging', to: 'production', service: undefined }, plan, diff, rendered: ['production'] }
  const small = {
    ...made,
    flow: { ...made.flow, service: 'shop' },
    plan: planOf(TEXTS, 'shop') ?? assert.fail('no environment'),
    rendered: ['production', 'canary', 'test'],
  }
  const bare = { ...small, plan: { ...small.plan, left: [] } }
  const asked = { login: 'alice', pull: 7 }
  const files = new Map([['production/web.yaml', { before: 'a: 1\n', after: 'a: 2\n' }]])
  const all: readonly PreparedPromotion[] = [made, small, bare]
  assertPage('variants/promotion-words.md', {
    Bodies: all.flatMap((one) => [promotionBody(one, asked), promotionBody(one, undefined)]),
    Commits: all.flatMap((one) => Object.values(promotionCommit(one, asked))),
    Previews: all.map(promotionPreview),
    Terminal: all.flatMap((one) => [true, false].map((isDry) => promotedText(one, { files, isDry }))),
  })
})
