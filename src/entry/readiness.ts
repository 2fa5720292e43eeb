import type { Walls } from '../adapters/fence/walls.ts'
import type { Queue } from '../adapters/queue/queue.ts'
import { TOOLS } from '../core/policy/remark.ts'
import type { Renderer } from '../ports/renderer.ts'
import type { Validators } from '../ports/validators.ts'

interface Parts {
  readonly queue: Pick<Queue, 'ready'>
  readonly renderer: Pick<Renderer, 'tool'>
  readonly validators: Pick<Validators, 'tools'>
  /** What this machine keeps programs away from. */
  readonly walls: () => Promise<Pick<Walls, 'isConfined' | 'isOffline'>>
}

/** What `/readyz` says: whether work can be stored and rendered, and with which programs. */
export async function readiness({
  queue,
  renderer,
  validators,
  walls,
}: Parts): Promise<{ ok: boolean; parts: Record<string, string> }> {
  const [isQueueReady, tool, found] = [await queue.ready(), await renderer.tool(), await validators.tools()]
  const fence = await walls()
  // Those are for the repositories that ask for them: without one the service is as ready as ever.
  const others = Object.fromEntries(TOOLS.map((name) => [name, found.get(name) ?? 'not installed (optional)']))
  return {
    ok: isQueueReady && tool !== undefined,
    parts: {
      queue: isQueueReady ? 'ok' : 'not writable',
      renderer: tool ?? 'missing: install kustomize or kubectl',
      ...others,
      files: fence.isConfined ? 'hidden from programs' : 'programs can read them: install bubblewrap',
      network: fence.isOffline ? 'hidden from programs' : 'programs can reach it: allow namespaces',
    },
  }
}
