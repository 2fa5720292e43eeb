import type { Policy } from '../../core/policy/policy.ts'
import type { ToolResult, LineRemark, ObjectRemark, Remark } from '../../core/policy/remark.ts'
import type { Rendering, Validators } from '../../ports/validators.ts'
import { digestOf, keeper } from '../process-sandbox/keep.ts'

/** A step checks again what the previous step rendered. A few hundred environments cover the work in progress. */
const LIMITS = { maxEntries: 300, maxSize: 16 * 1024 * 1024 }

/**
 * The result depends only on the input and the rules, so the same question is not asked twice. Only successful results are
 * cached.
 */
export function cachedValidators(validators: Validators): Validators {
  const objects = keeper<ToolResult<ObjectRemark>>({ ...LIMITS, sizeOf })
  const lines = keeper<ToolResult<LineRemark>>({ ...LIMITS, sizeOf })
  return {
    ...validators,
    judge(policy, rendering) {
      const work = () => validators.judge(policy, rendering)
      // A rule that reads the current time may give another answer tomorrow.
      if (knowsTime(policy)) return work()
      const words = [JSON.stringify([policy.data, policy.packages]), textOf(rendering)]
      return objects(digestOf(policy.modules, 'judge', ...words), work)
    },
    lint: (files, settings) =>
      lines(digestOf(files, 'lint', digestOf(settings)), () => validators.lint(files, settings)),
    fit(rendering, { texts, ...settings }) {
      const key = digestOf(texts, 'fit', JSON.stringify(settings), textOf(rendering))
      return objects(key, () => validators.fit(rendering, { texts, ...settings }))
    },
    admit(rendering, crds, applied) {
      const key = digestOf(
        new Map(),
        'admit',
        JSON.stringify(crds),
        textOf({ environment: '', objects: applied }),
        textOf(rendering),
      )
      return objects(key, () => validators.admit(rendering, crds, applied))
    },
    analyze: (rendering) =>
      objects(digestOf(new Map(), 'analyze', textOf(rendering)), () => validators.analyze(rendering)),
  }
}

function knowsTime({ modules }: Policy): boolean {
  return [...modules.values()].some((text) => text.includes('now_ns') || text.includes('io.jwt'))
}

function textOf({ environment, objects }: Rendering): string {
  return JSON.stringify([environment, objects.map(({ data }) => data)])
}

function sizeOf(checked: ToolResult<Remark>): number | undefined {
  return checked.ok ? JSON.stringify(checked.remarks).length : undefined
}
