import { REPORT_PREFIX, type Signal, type SignalSource, type Want } from '../../../core/gate/signal.ts'
import { matcher } from '../../../core/text/matcher.ts'
import type { Sha } from '../../../core/rollout/facts.ts'
import type { Signals } from '../../../ports/github/signals.ts'
import { at, type Client, listAll } from '../client/client.ts'
import { deploymentOf, deploymentSignalOf, isOwnDeployment, runSignalOf, statusSignalOf } from './signal-schema.ts'

/**
 * The maximum number of signals per commit. Older ones are cut off, so a step may seem to be live for a shorter time than it is.
 */
const MAX_SIGNALS = 300

/** GitHub lists the newest deployments first. Older ones than these were made before the current steps. */
const MAX_DEPLOYMENTS = 100

/** Each costs one request. */
const MAX_DEPLOYMENTS_ASKED = 10

export function signals(client: Client): Signals {
  return {
    async about(commits, wants) {
      const found = new Map(commits.map((sha): [Sha, Signal[]] => [sha, []]))
      const patterns = patternsBy(wants)
      for (const [sha, signals] of found) {
        if (patterns.status.length > 0) signals.push(...(await statusesOn(client, sha)))
        if (patterns.check.length + patterns.report.length > 0) signals.push(...(await runsOn(client, sha, patterns)))
      }
      if (patterns.deployment.length > 0) await addDeployments(client, found, patterns.deployment)
      return commits.map((sha) => found.get(sha) ?? [])
    },
  }
}

type Patterns = Readonly<Record<SignalSource, readonly string[]>>

function patternsBy(wants: readonly Want[]): Patterns {
  const of = (source: SignalSource): readonly string[] => [
    ...new Set(wants.flatMap((want) => (want.source === source ? [want.pattern] : []))),
  ]
  return { status: of('status'), check: of('check'), deployment: of('deployment'), report: of('report') }
}

async function statusesOn(client: Client, sha: Sha): Promise<readonly Signal[]> {
  const params = { ...at(client), ref: sha }
  const answers = await listAll(client, 'GET /repos/{owner}/{repo}/commits/{ref}/statuses', {
    params,
    limit: MAX_SIGNALS,
  })
  return answers.map(statusSignalOf)
}

/** All check runs ever made, not only the newest of each name, which would not tell since when a check is green. */
async function runsOn(client: Client, sha: Sha, { check, report }: Patterns): Promise<readonly Signal[]> {
  const names = [...check, ...report.map((pattern) => REPORT_PREFIX + pattern)]
  const [only = '*'] = names
  const params = {
    ...at(client),
    ref: sha,
    filter: 'all',
    ...(names.length === 1 && !only.includes('*') ? { check_name: only } : {}),
    ...(check.length === 0 ? { app_id: client.app.appId } : {}),
  }
  const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
  const answers = await listAll(client, route, { params, limit: MAX_SIGNALS, key: 'check_runs' })
  return answers
    .map((answer) => runSignalOf(answer, client.app))
    .sort((a, b) => b.id - a.id)
    .flatMap(({ signal }) => signal ?? [])
}

async function addDeployments(
  client: Client,
  found: ReadonlyMap<Sha, Signal[]>,
  patterns: readonly string[],
): Promise<void> {
  // An environment pattern with a star cannot be used as a filter in the request.
  const environments = patterns.some((pattern) => pattern.includes('*')) ? [undefined] : patterns
  const fits = patterns.map(matcher)
  for (const environment of environments) {
    const params = { ...at(client), ...(environment === undefined ? {} : { environment }) }
    const route = 'GET /repos/{owner}/{repo}/deployments'
    const deployments = (await listAll(client, route, { params, limit: MAX_DEPLOYMENTS }))
      .map(deploymentOf)
      // Perch's own deployments only repeat what other signals say.
      .filter((one) => !isOwnDeployment(one, client.app))
      .filter(({ sha, environment: name }) => found.has(sha) && fits.some((matches) => matches(name)))
      .slice(0, MAX_DEPLOYMENTS_ASKED)
    const said: { readonly id: number; readonly sha: Sha; readonly signal: Signal }[] = []
    for (const deployment of deployments)
      for (const status of await statusesOf(client, deployment)) said.push({ ...status, sha: deployment.sha })
    for (const { sha, signal } of said.sort((a, b) => b.id - a.id)) found.get(sha)?.push(signal)
  }
}

async function statusesOf(
  client: Client,
  deployment: ReturnType<typeof deploymentOf>,
): Promise<readonly { readonly id: number; readonly signal: Signal }[]> {
  const params = { ...at(client), deployment_id: deployment.id }
  const route = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses'
  return (await listAll(client, route, { params, limit: MAX_SIGNALS })).map((answer) =>
    deploymentSignalOf(answer, deployment),
  )
}
