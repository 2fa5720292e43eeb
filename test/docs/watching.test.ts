/** What docs/watching has for Prometheus and Grafana: made by the code, readable by the real programs, and about metrics that exist. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { ALERTS, alertRules } from '../../scripts/watching/alerts.ts'
import { dashboardJson } from '../../scripts/watching/dashboard.ts'
import { ROWS } from '../../scripts/watching/panels.ts'
import { openMeter } from '../../src/adapters/meter/prometheus-meter.ts'
import { FAMILIES, type Family } from '../../src/core/watch/families.ts'
import { promtool, withoutPromtool } from '../promtool.ts'

const PAGE = 'docs/watching/README.md'
const QUERIES = ROWS.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries))
const EXPRESSIONS = [...ALERTS, ...QUERIES].map(({ expr }) => expr)

/** Metrics of other programs, as their docs name them. */
const OTHERS = [
  'argocd_app_info',
  'gotk_resource_info',
  'pilot_proxy_convergence_time_bucket',
  'pilot_total_xds_internal_errors',
  'pilot_total_xds_rejects',
  'istio_requests_total',
]

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'perch-watching-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('the files are those that `npm run docs` makes', () => {
  assert.equal(readFileSync('docs/watching/alerts.yaml', 'utf8'), alertRules())
  assert.equal(readFileSync('docs/watching/dashboard.json', 'utf8'), dashboardJson())
})

test('every alert has a section that says what it means and what to do', () => {
  const sections = [...readFileSync(PAGE, 'utf8').matchAll(/^## (Perch\w+)\n([\s\S]*?)(?=^## |$(?![\s\S]))/gm)]
  assert.deepEqual(
    sections.map(([, name]) => name),
    ALERTS.map(({ name }) => name),
  )
  for (const [, name, words = ''] of sections) assert.match(words, /\*\*Do:\*\*/, name)
})

test('every metric that a rule or a panel names is one that the service has, with the labels that it has', async () => {
  const known = new Map(Object.entries<Family>(FAMILIES))
  const usual = [...(await openMeter().text()).matchAll(/^# TYPE ((?:process|nodejs)_\w+)/gm)].map(([, name]) => name)
  let found = 0
  for (const expr of EXPRESSIONS) {
    for (const [, name = '', matchers = ''] of expr.matchAll(
      /\b((?:perch|process|nodejs|argocd|gotk|pilot|istio)_\w+)(\{[^}]*\})?/g,
    )) {
      found += 1
      if (OTHERS.includes(name) || usual.includes(name)) continue
      const family = known.get(name) ?? known.get(name.replace(/_(?:bucket|sum|count)$/, ''))
      assert.ok(family, `${name} in ${expr}`)
      assert.equal(name.endsWith('_bucket'), family.type === 'histogram', name)
      for (const [, label = ''] of matchers.matchAll(/(\w+)[!=]/g))
        assert.ok(family.labels.includes(label), `${label} in ${expr}`)
      if (family.isShared === true) assert.match(expr, /^max/, `replicas report it alike: ${expr}`)
    }
  }
  assert.ok(found > 40, `${found} metrics`)
})

test('the dashboard has an id for each panel, and one Prometheus to choose', () => {
  const { panels, templating } = JSON.parse(dashboardJson())
  const ids = panels.map(({ id }: { id: number }) => id)
  assert.equal(new Set(ids).size, ids.length)
  assert.deepEqual(
    templating.list.map(({ name, query }: Record<string, string>) => [name, query]),
    [['datasource', 'prometheus']],
  )
})

test('Prometheus can read the rules and every query of the dashboard', { skip: withoutPromtool }, (t) => {
  const place = folder(t)
  const rules = QUERIES.map(({ expr }, index) => ({
    record: `panel:query:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }))
  const panels = join(place, 'panels.yaml')
  writeFileSync(panels, stringify({ groups: [{ name: 'panels', rules }] }))
  for (const file of ['docs/watching/alerts.yaml', panels]) {
    const { ok, words } = promtool(['check', 'rules', file])
    assert.ok(ok, words)
  }
})

/** Series that make an alert fire, and at which minute it does. `_` is no sample. */
const FIRES: Readonly<Record<string, { readonly series: Readonly<Record<string, string>>; readonly at: string }>> = {
  PerchAbsent: { series: { 'perch_thread_restarts_total{}': '_x30' }, at: '10m' },
  PerchQueueLate: { series: { 'perch_queue_age_seconds{}': '90x30' }, at: '10m' },
  PerchQueueStuck: { series: { 'perch_queue_age_seconds{}': '1000x30' }, at: '10m' },
  PerchDeliveriesFail: { series: { 'perch_deliveries_total{event="push",result="failed"}': '0x5 1x30' }, at: '8m' },
  PerchDeliveriesRefused: {
    series: {
      'perch_deliveries_total{event="push",result="refused"}': '0+2x60',
      'perch_deliveries_total{event="push",result="accepted"}': '7x60',
    },
    at: '30m',
  },
  PerchJobsGivenUp: { series: { 'perch_jobs_total{task="review",result="given-up"}': '0x5 1x30' }, at: '8m' },
  PerchGitHubLimitLow: {
    series: {
      'perch_github_rate_limit_remaining{installation="7",resource="core"}': '400x30',
      'perch_github_rate_limit{installation="7",resource="core"}': '5000x30',
      'perch_github_rate_limit_reset_timestamp_seconds{installation="7",resource="core"}': '3600x30',
    },
    at: '5m',
  },
  PerchGitHubFails: {
    series: {
      'perch_github_requests_total{api="rest",status="2xx",cost="counted"}': '0+8x60',
      'perch_github_requests_total{api="rest",status="none",cost="counted"}': '0+2x60',
    },
    at: '30m',
  },
  PerchCommandsSlow: {
    series: {
      'perch_command_duration_seconds_bucket{command="set",result="done",le="30"}': '0x60',
      'perch_command_duration_seconds_bucket{command="set",result="done",le="60"}': '0+1x60',
      'perch_command_duration_seconds_bucket{command="set",result="done",le="+Inf"}': '0+1x60',
    },
    at: '40m',
  },
  PerchRendersFail: { series: { 'perch_renders_total{tool="kustomize",result="timed-out"}': '0+1x60' }, at: '20m' },
  PerchThreadRestarts: { series: { 'perch_thread_restarts_total{}': '0x5 1x30' }, at: '8m' },
  PerchErrors: { series: { 'perch_log_lines_total{level="error"}': '0+2x60' }, at: '20m' },
  PerchRollbackWaits: { series: { 'perch_rollout_age_seconds{state="rolling-back"}': '0+60x60' }, at: '20m' },
  PerchAnalysisFailed: { series: { 'perch_rollbacks_total{cause="failed"}': '0x5 1x30' }, at: '8m' },
  PerchRolloutStuck: { series: { 'perch_rollouts{state="stuck"}': '2x60' }, at: '40m' },
  PerchRolloutOld: { series: { 'perch_rollout_age_seconds{state="stepping"}': '700000x120' }, at: '90m' },
  PerchLiveSlow: {
    series: {
      'perch_live_delay_seconds_bucket{le="1800"}': '0x120',
      'perch_live_delay_seconds_bucket{le="3600"}': '0+1x120',
      'perch_live_delay_seconds_bucket{le="+Inf"}': '0+1x120',
    },
    at: '80m',
  },
}

/** A service that is well: no alert may fire. */
const WELL: Readonly<Record<string, string>> = {
  'perch_thread_restarts_total{}': '0x120',
  'perch_queue_age_seconds{}': '3x120',
  'perch_deliveries_total{event="push",result="accepted"}': '0+5x120',
  'perch_deliveries_total{event="push",result="refused"}': '0+1x120',
  'perch_deliveries_total{event="push",result="failed"}': '0x120',
  'perch_jobs_total{task="review",result="given-up"}': '0x120',
  'perch_jobs_total{task="review",result="retry"}': '0+1x120',
  // A limit that has been used up, and has been full again since.
  'perch_github_rate_limit_remaining{installation="7",resource="core"}': '0x120',
  'perch_github_rate_limit{installation="7",resource="core"}': '5000x120',
  'perch_github_rate_limit_reset_timestamp_seconds{installation="7",resource="core"}': '30x120',
  'perch_github_requests_total{api="rest",status="2xx",cost="counted"}': '0+90x120',
  'perch_github_requests_total{api="rest",status="none",cost="counted"}': '0+1x120',
  'perch_renders_total{tool="kustomize",result="build-failed"}': '0+5x120',
  'perch_log_lines_total{level="warn"}': '0+9x120',
  'perch_rollbacks_total{cause="command"}': '0+1x120',
  'perch_rollbacks_total{cause="failed"}': '0x120',
  'perch_rollouts{state="stepping"}': '4x120',
  'perch_rollouts{state="stuck"}': '0x120',
  'perch_rollout_age_seconds{state="stepping"}': '86400x120',
}

test('each alert fires for what it is about, and none for a service that is well', { skip: withoutPromtool }, (t) => {
  assert.deepEqual(
    Object.keys(FIRES),
    ALERTS.map(({ name }) => name),
  )
  const place = folder(t)
  const inputOf = (series: Readonly<Record<string, string>>): object[] =>
    Object.entries(series).map(([name, values]) => ({ series: name, values }))
  const firing = Object.entries(FIRES).map(([name, { series, at }]) => ({
    interval: '1m',
    input_series: inputOf(series),
    // Words hold the value, which is not what this is about.
    promql_expr_test: [
      {
        expr: `count(count by (alertname) (ALERTS{alertname="${name}",alertstate="firing"}))`,
        eval_time: at,
        exp_samples: [{ labels: '{}', value: 1 }],
      },
    ],
  }))
  const well = {
    interval: '1m',
    input_series: inputOf(WELL),
    promql_expr_test: ['10m', '60m', '110m'].map((at) => ({ expr: 'ALERTS', eval_time: at, exp_samples: [] })),
  }
  const file = join(place, 'test.yaml')
  writeFileSync(join(place, 'alerts.yaml'), alertRules())
  writeFileSync(file, stringify({ rule_files: ['alerts.yaml'], evaluation_interval: '1m', tests: [...firing, well] }))
  const { ok, words } = promtool(['test', 'rules', file])
  assert.ok(ok, words)
})
