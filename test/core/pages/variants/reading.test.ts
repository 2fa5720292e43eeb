/** The effect of one small change in a repository on its environments, deliveries and routes, and on the edits for a share. */
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { deployerTemplates, parentReleases } from '../../../../src/core/chart/parent-releases.ts'
import { releaseBuild, unknownParameter } from '../../../../src/core/chart/release-build.ts'
import { readConfig } from '../../../../src/core/config/read.ts'
import type { Environment } from '../../../../src/core/environment/environment.ts'
import { emptyFileCache, type FileCache } from '../../../../src/core/environment/file-cache.ts'
import { treeOf } from '../../../../src/core/environment/tree.ts'
import { editFor, intend } from '../../../../src/core/rollout/intend.ts'
import { readSnapshot, type Snapshot } from '../../../../src/core/rollout/snapshot.ts'
import { standingOf, stepKey } from '../../../../src/core/rollout/standing.ts'
import { planOf, type Target } from '../../../../src/core/rollout/target.ts'
import { explainShares, notes } from '../../../../src/core/traffic/explain.ts'
import { routeId } from '../../../../src/core/traffic/route.ts'
import { assertPage } from '../page.ts'
import { flatLines, restyled, textVariants, variantLines } from './variants.ts'

const ROOT = join(import.meta.dirname, '../../../repositories')
type Texts = ReadonlyMap<string, string>

function textsIn(name: string): Texts {
  const files = globSync('**/*.*', { cwd: join(ROOT, name) }).sort()
  return new Map(files.map((file) => [relative('', file), readFileSync(join(ROOT, name, file), 'utf8')]))
}

function withoutLines(data: unknown): unknown {
  const kept = (key: string, value: unknown): unknown => {
    if (key === 'line') return undefined
    return value instanceof Set ? [...value] : value
  }
  return JSON.parse(JSON.stringify(data ?? null, kept))
}

/** Line numbers are left out, because they change with everything above. */
function targetData(target: Target, texts: Texts) {
  const { aliases, environments, route, placement, unclear, settings } = target
  const { phase, share, versions } = standingOf(target)
  return {
    aliases,
    environments,
    placement,
    unclear: unclear && `${unclear.why} at ${lineAt(texts, unclear)}`,
    place: lineAt(texts, route.place),
    phase,
    share,
    versions,
    plan: planOf(target),
    names: settings.names,
    key: stepKey(standingOf(target)),
    notes: notes(route),
    rules: Object.fromEntries(
      route.rules.map((rule) => [
        rule.label,
        {
          api: rule.api,
          at: lineAt(texts, { file: route.place.file, line: rule.line }),
          some: rule.picksCallers || undefined,
          dead: rule.isUnreachable || undefined,
          mirrors: rule.mirrors.map(({ host, subset }) => `${host} ${subset ?? ''}`),
          shares: explainShares(rule).map(({ destination, share: own, reason }) => {
            const { host, subset = '', port = '', role, weight, badWeight, weightPath } = destination
            return `${role} ${host} ${subset} ${port} ${weight ?? badWeight ?? '-'} = ${own} ${reason ?? ''} ${weightPath.join('.')}`
          }),
        },
      ]),
    ),
  }
}

/** What `/canary 30` writes: the added lines of each file. */
function editOf(snapshot: Snapshot, texts: Texts, { service, environment, settings }: Target): unknown {
  const wish = { kind: 'share', percent: 30, environment, service: settings.names.scope ?? service } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  const edit = change.ok ? editFor(change.value, undefined) : change
  if (!edit.ok) return withoutLines(edit.error)
  return Object.fromEntries(
    [...edit.value.files].map(([file, text]) => {
      const old = new Set(texts.get(file)?.split('\n'))
      return [file, text.split('\n').filter((line) => !old.has(line))]
    }),
  )
}

/** What helm gets for a chart. Texts of files are left out. */
function buildOf({ files, release }: Pick<Environment, 'files' | 'release'>, texts: Texts) {
  if (release === undefined) return undefined
  const own = new Map([...texts].filter(([file]) => files.includes(file)))
  const build = releaseBuild(release.release, release.copies, own)
  const unknown = unknownParameter(build, release.release, own)
  return { ...build, files: [...build.files.keys()].join(' '), unknown }
}

/** A line of a file with its text. Its number would change with everything above. */
function lineAt(texts: Texts, { file, line }: { readonly file: string | undefined; readonly line: number }): string {
  const text = file === undefined ? undefined : texts.get(file)
  return `${file} ${(text ?? '').split('\n')[line - 1]?.trim() ?? 'after its end'}`
}

function readingOf(texts: Texts, known?: FileCache): readonly string[] {
  const config = readConfig(texts.get('canary.yml'))
  if (!config.ok) return flatLines({ config: config.error })
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const repository = { name: 'gitops', defaultBranch: 'main' }
  const { snapshot, needs, releases } = readSnapshot({ entries, texts, config: config.value, repository, known })
  const { environments, targets, problems, unrendered, deliveries, outsiders, remoteCharts, gaps } = snapshot
  const tree = treeOf(entries)
  const parents = parentReleases({ tree, texts, templates: deployerTemplates(texts), environments, releases }, [])
  const named = ({ environment, service, settings: { names }, route }: Target): string =>
    `${environment}/${names.scope ?? service} ${routeId(route)}`
  return flatLines({
    needs,
    environments: Object.fromEntries(
      environments.map(({ name, kind, root, files, refusals, deployer, ...rest }) => {
        const { isLoose, readsAbove, charts, nested, contested, release } = rest
        const refused = refusals.map((one) => `${one.code} ${one.entry} at ${lineAt(texts, one)}`)
        const own = { kind, root, files: files.join(' '), refusals: refused, deployer: deployer?.files }
        const build = buildOf({ files, release }, texts)
        return [name, { ...own, isLoose, readsAbove, charts, nested, contested, release: withoutLines(release), build }]
      }),
    ),
    parents:
      parents.length === 0
        ? undefined
        : Object.fromEntries(
            parents.map((own) => [own.name, withoutLines({ ...own, key: undefined, release: undefined })]),
          ),
    deliveries: Object.fromEntries(
      deliveries.map(({ title, filling, additions, ...rest }) => [
        title,
        { ...rest, params: filling?.params, fields: additions?.fields, variables: additions?.variables?.known },
      ]),
    ),
    outsiders: [...outsiders],
    remoteCharts,
    gaps: gaps.map((gap) => `${gap.title} ${gap.prefix} ${gap.why} ${gap.entry} at ${lineAt(texts, gap)}`),
    targets: Object.fromEntries(targets.map((target) => [named(target), targetData(target, texts)])),
    edits: Object.fromEntries(targets.map((target) => [named(target), editOf(snapshot, texts, target)])),
    problems: [...problems, ...unrendered].map((one) => `${one.code} at ${lineAt(texts, one)}`),
  })
}

/** The repositories, and those of their files that are changed. */
const REPOSITORIES: Readonly<Record<string, RegExp>> = {
  routes: /web|grpc|canary/,
  several: /routes|owners|canary/,
  overlays: /overlays|component|canary/,
  argo: /apps/,
  sets: /settings|pulls|folders\.yaml|canary/,
  flux: /clusters|infra/,
  charts: /deploy|Chart|requirements|argocd/,
}

for (const [name, varied] of Object.entries(REPOSITORIES)) {
  test(`the effect of one small change in a repository is on a page that somebody has approved: ${name}`, () => {
    const texts = textsIn(name)
    const isVaried = (file: string): boolean => varied.test(file)
    const plain = restyled(texts, isVaried)
    // Files that stay the same are read once.
    const known = emptyFileCache()
    const changed = variantLines(plain, textVariants(plain, isVaried), (now) => readingOf(now, known))
    const sections = { 'as it is': readingOf(texts), 'with one change': changed }
    assertPage(`variants/reading-${name}.md`, sections)
  })
}
