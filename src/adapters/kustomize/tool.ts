/** Finds kustomize and helm on this machine. `core/environment` has already refused entries that lead to the network. */
import type { BuildSource } from '../../ports/renderer.ts'
import {
  type Absence,
  findInstalled,
  type InstalledProgram,
  type ProgramKind,
  type SearchOptions,
} from '../process-sandbox/installed.ts'
import { KubectlVersion } from './schema.ts'

export interface Tool extends Pick<InstalledProgram, 'title' | 'walls'> {
  /** Precedes the folder to build. The sandbox's prefix precedes it. */
  readonly command: readonly [string, ...string[]]
}

/** A build needs far less. The limit stops a hostile build from using all memory of the machine. */
const MAX_MEMORY = 4 * 1024 ** 3

type Kind = BuildSource['kind']

/** The programs that render each kind, and their command for it. The first one that is installed is used. */
const PROGRAMS: Readonly<Record<Kind, readonly (ProgramKind & { readonly command: string })[]>> = {
  kustomize: [
    {
      name: 'kustomize',
      command: 'build',
      versionArgs: ['version'],
      // v5 prints `v5.5.0`; v4 prints `{Version:kustomize/v4.5.7 GitCommit:…`.
      versionIn: (said) => /v\d+\.\d+\.\d+\S*/.exec(said)?.[0],
    },
    {
      name: 'kubectl',
      title: 'kustomize',
      command: 'kustomize',
      versionArgs: ['version', '--client', '--output=json'],
      versionIn: (said) => {
        const version = KubectlVersion.safeParse(said).data
        return version && `${version.kustomizeVersion} (kubectl ${version.clientVersion.gitVersion})`
      },
    },
  ],
  helm: [
    {
      name: 'helm',
      command: 'template',
      versionArgs: ['version', '--template={{.Version}}'],
      versionIn: (said) => /^v(?:[3-9]|\d\d)\.\S*/.exec(said.trim())?.[0],
    },
  ],
}

export async function findTool(kind: Kind, options: SearchOptions): Promise<Tool | Absence> {
  let absence: Absence = 'missing'
  for (const program of PROGRAMS[kind]) {
    const found = await findInstalled(program, MAX_MEMORY, options)
    if (typeof found === 'object') return { ...found, command: [found.file, program.command] }
    if (found === 'timed-out') absence = found
  }
  return absence
}
