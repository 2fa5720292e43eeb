import { type PrometheusBox, startPrometheus } from '../../sandbox/prometheus.ts'
import { weights } from './play.ts'
import type { GitHubBox } from '../../sandbox/github.ts'

/** The values of every request when all is well. */
const WELL = { successRate: 99.95, p99: 120, requests: 4_000 }

/** v3's success rate with a quarter of the traffic: too low. */
const BAD_SUCCESS_RATE = 91.3

/**
 * The demo's metrics. All is well, except that v3 cannot handle the traffic that it gets at 25%. `measured` is called with each
 * success rate.
 */
export function startDemoPrometheus(box: GitHubBox, measured: (successRate: number) => void): Promise<PrometheusBox> {
  return startPrometheus((query) => {
    if (query.includes('increase(')) return WELL.requests
    if (query.includes('histogram_quantile')) return WELL.p99
    const isOverrun = query.includes('destination_version="v3"') && weights(box, 'main') === '75/25'
    const successRate = isOverrun ? BAD_SUCCESS_RATE : WELL.successRate
    measured(successRate)
    return successRate
  })
}
