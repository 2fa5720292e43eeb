import type { Queue } from '../adapters/queue/queue.ts'
import { TOOLS } from '../core/policy/remark.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Validators } from '../ports/validators.ts'

interface Parts {
  readonly queue: Pick<Queue, 'ready'>
  readonly renderer: Pick<Renderer, 'tool'>
  readonly validators: Pick<Validators, 'tools'>
}

/** What `/readyz` says: whether work can be stored and rendered, and with which programs. */
export async function readiness({
  queue,
  renderer,
  validators,
}: Parts): Promise<{ ok: boolean; parts: Record<string, string> }> {
  const [isQueueReady, tool, found] = [await queue.ready(), await renderer.tool(), await validators.tools()]
  // Those are for the repositories that ask for them: without one the service is as ready as ever.
  const others = Object.fromEntries(TOOLS.map((name) => [name, found.get(name) ?? 'not installed (optional)']))
  return {
    ok: isQueueReady && tool !== undefined,
    parts: {
      queue: isQueueReady ? 'ok' : 'not writable',
      renderer: tool ?? 'missing: install kustomize or kubectl',
      ...others,
    },
  }
}
