import type { Walls } from '../adapters/process-sandbox/walls.ts'
import type { Queue } from '../adapters/queue/queue.ts'
import { TOOLS } from '../core/policy/remark.ts'
import type { Tools } from './thread/messages.ts'

interface Parts {
  readonly queue: Pick<Queue, 'ready'>
  readonly tools: () => Promise<Tools>
  /** What this machine keeps programs away from. */
  readonly walls: () => Promise<Pick<Walls, 'isConfined' | 'isOffline'>>
}

/** What `/readyz` says: whether work can be stored and rendered, and with which programs. */
export async function readiness({
  queue,
  tools,
  walls,
}: Parts): Promise<{ ok: boolean; parts: Record<string, string> }> {
  const [isQueueReady, { renderer: tool, helm, validators: found }] = [await queue.ready(), await tools()]
  const isolation = await walls()
  // Those are for the repositories that ask for them: without one the service is as ready as ever.
  const absent = 'not installed (optional)'
  const others = Object.fromEntries(TOOLS.map((name) => [name, found.get(name) ?? absent]))
  return {
    ok: isQueueReady && tool !== undefined,
    parts: {
      queue: isQueueReady ? 'ok' : 'not writable',
      renderer: tool ?? 'missing: install kustomize or kubectl',
      helm: helm ?? absent,
      ...others,
      files: isolation.isConfined ? 'hidden from programs' : 'programs can read them: install bubblewrap',
      network: isolation.isOffline ? 'hidden from programs' : 'programs can reach it: allow namespaces',
    },
  }
}
