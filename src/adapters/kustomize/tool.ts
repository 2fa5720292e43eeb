/** Finds kustomize on this machine. `core/environment` has already refused entries that lead to the network. */
import { programPath } from '../process-sandbox/program-path.ts'
import { ask, wallsOf, type Walls } from '../process-sandbox/walls.ts'
import { KubectlVersion } from './schema.ts'

export interface Tool {
  /** Name and version, for people. */
  readonly name: string
  /** Precedes the folder to build. The sandbox's prefix precedes it. */
  readonly command: readonly [string, ...string[]]
  readonly walls: Walls
}

/** A build needs far less. The limit stops a hostile build from using all memory of the machine. */
export const MAX_MEMORY = 4 * 1024 ** 3

interface InstalledTool extends Pick<Tool, 'name' | 'command'> {
  readonly probe: readonly [string, ...string[]]
}

/**
 * Finds `kustomize`, or else `kubectl`, which contains it. `missing`: neither is installed; `timed-out`: the tool did not answer
 * in time.
 */
export async function findTool(path: string, probeMs?: number): Promise<Tool | 'missing' | 'timed-out'> {
  const first = await standalone(path, probeMs)
  const found = typeof first === 'object' ? first : await within(path, probeMs)
  if (typeof found === 'object') {
    const { name, command, probe } = found
    return { name, command, walls: await wallsOf({ path, maxMemory: MAX_MEMORY, probe }) }
  }
  return first === 'timed-out' ? first : found
}

async function standalone(path: string, probeMs?: number): Promise<InstalledTool | 'missing' | 'timed-out'> {
  const program = await programPath(path, 'kustomize')
  if (program === undefined) return 'missing'
  const probe = [program, 'version'] as const
  const answer = await ask(probe, probeMs)
  if (!('said' in answer)) return answer.end === 'timed-out' ? 'timed-out' : 'missing'
  // v5 prints `v5.5.0`; v4 prints `{Version:kustomize/v4.5.7 GitCommit:…`.
  const version = /v\d+\.\d+\.\d+\S*/.exec(answer.said)?.[0]
  return version === undefined ? 'missing' : { name: `kustomize ${version}`, command: [program, 'build'], probe }
}

async function within(path: string, probeMs?: number): Promise<InstalledTool | 'missing' | 'timed-out'> {
  const program = await programPath(path, 'kubectl')
  if (program === undefined) return 'missing'
  const probe = [program, 'version', '--client', '--output=json'] as const
  const answer = await ask(probe, probeMs)
  if (!('said' in answer)) return answer.end === 'timed-out' ? 'timed-out' : 'missing'
  const version = KubectlVersion.safeParse(answer.said)
  if (!version.success) return 'missing'
  const { kustomizeVersion, clientVersion } = version.data
  const name = `kustomize ${kustomizeVersion} (kubectl ${clientVersion.gitVersion})`
  return { name, command: [program, 'kustomize'], probe }
}
