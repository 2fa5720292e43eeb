/** Finding kustomize on this machine, and what can fence it in. */
import { access, constants } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import { runContained } from './process.ts'
import { KubectlVersion } from './schema.ts'

export interface Tool {
  /** Name and version, for people. */
  readonly name: string
  /** Goes before the folder to build. */
  readonly command: readonly [string, ...string[]]
  readonly isOffline: boolean
}

/** A build needs far less; a hostile one must not take the machine's. Address space, since that is what can be limited. */
const MAX_MEMORY = 4 * 1024 ** 3
const PROBE = { folder: tmpdir(), env: { HOME: tmpdir(), LC_ALL: 'C' }, timeoutMs: 10_000, maxBytes: 64 * 1024 }

/** `kustomize`, else the one in `kubectl`; undefined where there is neither. */
export async function findTool(path: string): Promise<Tool | undefined> {
  const found = (await standalone(path)) ?? (await within(path))
  if (found === undefined) return undefined
  const { prefix, isOffline } = await fence(path)
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

interface Fence {
  readonly prefix: readonly string[]
  readonly isOffline: boolean
}

/**
 * What keeps a build from the network and from the machine's memory. Entries that lead to the network are refused before
 * (core/environment); this is for those that we have not thought of. A network namespace needs no root, but many containers
 * forbid making one, and macOS has none: then the refusals must do.
 */
async function fence(path: string): Promise<Fence> {
  const [prlimit, unshare, nothing] = await Promise.all(
    ['prlimit', 'unshare', 'true'].map((name) => locate(path, name)),
  )
  if (nothing === undefined) return { prefix: [], isOffline: false }
  const limited = prlimit === undefined ? [] : [prlimit, `--as=${MAX_MEMORY}`, '--core=0', '--']
  const offline = unshare === undefined ? [] : [unshare, '--map-root-user', '--net', '--']
  const candidates = [
    { prefix: [...limited, ...offline], isOffline: offline.length > 0 },
    { prefix: offline, isOffline: offline.length > 0 },
    { prefix: limited, isOffline: false },
  ]
  for (const candidate of candidates) {
    const [first, ...rest] = candidate.prefix
    if (first !== undefined && (await ask([first, ...rest, nothing])) !== undefined) return candidate
  }
  return { prefix: [], isOffline: false }
}

async function ask(command: readonly [string, ...string[]]): Promise<string | undefined> {
  const finished = await runContained({ ...PROBE, command })
  return finished.end === 'exited' && finished.code === 0 ? finished.stdout : undefined
}

async function locate(path: string, name: string): Promise<string | undefined> {
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    const program = join(folder, name)
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return program
  }
  return undefined
}
