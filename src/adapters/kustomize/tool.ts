/** Finding kustomize on this machine. Entries that lead to the network are refused before (core/environment). */
import { locate } from '../fence/locate.ts'
import { ask, wallsOf } from '../fence/walls.ts'
import { KubectlVersion } from './schema.ts'

export interface Tool {
  /** Name and version, for people. */
  readonly name: string
  /** Goes before the folder to build. */
  readonly command: readonly [string, ...string[]]
  readonly isOffline: boolean
}

/** A build needs far less; a hostile one must not take the machine's. */
const MAX_MEMORY = 4 * 1024 ** 3

/** `kustomize`, else the one in `kubectl`; undefined where there is neither. */
export async function findTool(path: string): Promise<Tool | undefined> {
  const found = (await standalone(path)) ?? (await within(path))
  if (found === undefined) return undefined
  const { prefix, isOffline } = await wallsOf(path, MAX_MEMORY)
  const [first = found.command[0], ...rest] = [...prefix, ...found.command]
  return { name: found.name, command: [first, ...rest], isOffline }
}

type Found = Pick<Tool, 'name' | 'command'>

async function standalone(path: string): Promise<Found | undefined> {
  const program = await locate(path, 'kustomize')
  if (program === undefined) return undefined
  const said = await ask([program, 'version'])
  // v5 says `v5.5.0`; v4 `{Version:kustomize/v4.5.7 GitCommit:…`.
  const version = /v\d+\.\d+\.\d+\S*/.exec(said ?? '')?.[0]
  return version === undefined ? undefined : { name: `kustomize ${version}`, command: [program, 'build'] }
}

async function within(path: string): Promise<Found | undefined> {
  const program = await locate(path, 'kubectl')
  if (program === undefined) return undefined
  const said = await ask([program, 'version', '--client', '--output=json'])
  const version = KubectlVersion.safeParse(said)
  if (!version.success) return undefined
  const { kustomizeVersion, clientVersion } = version.data
  return {
    name: `kustomize ${kustomizeVersion} (kubectl ${clientVersion.gitVersion})`,
    command: [program, 'kustomize'],
  }
}
