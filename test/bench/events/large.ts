/** `/canary 25` among 1,000 services. */
import { commandRows } from './command.ts'
import type { BenchResult } from '../report.ts'

export async function benchLarge(): Promise<BenchResult> {
  const spread = { services: 1_000, roots: 20 }
  return {
    name: '/canary 25 → answer, 1,000 services',
    rows: [
      ...(await commandRows('in 20 roots', spread, { rounds: 3, atMostMs: 2_000 })),
      ...(await commandRows('in one root', { ...spread, roots: 1 }, { rounds: 3, atMostMs: 0 })),
    ],
  }
}
