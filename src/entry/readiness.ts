import type { Walls } from '../adapters/process-sandbox/walls.ts'
import type { Queue } from '../adapters/queue/queue.ts'
import { TOOLS } from '../core/policy/remark.ts'
import type { Tools } from './thread/messages.ts'

interface Parts {
  readonly queue: Pick<Queue, 'ready'>
  /** How long the oldest due job has waited; undefined if unknown. */
  readonly backlogMs: () => Promise<number | undefined>
  readonly tools: () => Promise<Tools>
  /** What this machine's sandbox blocks for programs. */
  readonly walls: () => Promise<Pick<Walls, 'isConfined' | 'isOffline'>>
}

/** The answer of `/readyz`: whether work can be stored and rendered, and with which programs. */
export async function readiness({
  queue,
  backlogMs,
  tools,
  walls,
}: Parts): Promise<{ ok: boolean; parts: Record<string, string> }> {
  const [isQueueReady, { renderer: tool, helm, validators: found, isLooking }] = [await queue.ready(), await tools()]
  const [isolation, backlog] = [await walls(), await backlogMs()]
  // Optional, because only some repositories use them. Without them, the service is still ready.
  const absent = isLooking === true ? 'being looked for (optional)' : 'not installed (optional)'
  const unnamed = isLooking === true ? absent : 'no usable DRY_RUN_KUBECONFIG (optional)'
  const others = Object.fromEntries(
    TOOLS.map((name) => [name, found.get(name) ?? (name === 'dry-run' ? unnamed : absent)]),
  )
  return {
    ok: isQueueReady && tool !== undefined,
    parts: {
      queue: isQueueReady ? 'ok' : 'not writable',
      backlog: backlogWords(backlog),
      renderer: tool ?? 'missing: install kustomize or kubectl',
      helm: helm ?? absent,
      ...others,
      files: isolation.isConfined ? 'hidden from programs' : 'programs can read them: install bubblewrap',
      network: isolation.isOffline ? 'hidden from programs' : 'programs can reach it: allow namespaces',
    },
  }
}

const OLD_MS = 60_000

/**
 * The backlog is reported, but never makes Perch "not ready". All replicas share it, so all would leave service at once, and
 * webhooks would be lost. Storing webhooks is the best that a busy service can do (decision 46).
 */
function backlogWords(ms: number | undefined): string {
  if (ms === undefined) return 'unknown'
  return ms > OLD_MS ? `late: the oldest job has waited for ${Math.round(ms / 1_000)} s` : 'ok'
}
