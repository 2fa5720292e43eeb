import { type ConfigProblem, CONFIG_FILE, readConfig } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import { emptyFileCache, type FileCache } from '../../core/environment/file-cache.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { looksLikeObjects } from '../../core/environment/plain.ts'
import { filesToRead, targetAt } from '../../core/rollout/read-target.ts'
import { isBystander, isManifestPath, readSnapshot, type Snapshot } from '../../core/rollout/snapshot.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { Result } from '../../core/result.ts'
import type { Mirror } from '../../ports/mirror.ts'

/** Where files are read: a mirror, or a folder. */
export interface FileSource {
  readonly mirror: Pick<Mirror, 'entries' | 'read'>
  /** Whose files they are, where that is known. */
  readonly repo?: { readonly name: string; readonly defaultBranch?: string }
  /** What was read of them already. */
  readonly known?: FileCache
}

/** The config of a branch: authority comes from the base branch, never from what a pull request brings. */
export async function loadConfig(context: FileSource, base: Sha): Promise<Result<Config, readonly ConfigProblem[]>> {
  const texts = await context.mirror.read(base, [CONFIG_FILE])
  return readConfig(texts.get(CONFIG_FILE))
}

/** What the files of a commit or tree say, under a config. */
export async function loadSnapshot(context: FileSource, treeish: Sha, config: Config): Promise<Snapshot> {
  const entries = await context.mirror.entries(treeish)
  const texts = new Map<string, string | undefined>()
  const known = context.known ?? emptyFileCache()
  let wanted: readonly string[] = entries
    .filter(({ path, type }) => type === 'file' && isManifestPath(path))
    .map(({ path }) => path)
  const bystanders = new Set<string>()
  const keeps = (path: string, text: string): boolean => {
    if (!isBystander(path, text)) return true
    if (looksLikeObjects(text)) bystanders.add(path)
    return false
  }
  for (;;) {
    const read = await context.mirror.read(treeish, wanted, texts.size === 0 ? keeps : undefined)
    for (const path of wanted) texts.set(path, read.get(path))
    const { snapshot, needs } = readSnapshot({
      entries,
      texts,
      bystanders,
      config,
      repository: context.repo,
      known,
    })
    if (needs.length === 0) return snapshot
    wanted = needs
  }
}

/** A target as another commit or tree has it, from its own files only; undefined where its route is not there. */
export async function readTargetAt(context: FileSource, treeish: Sha, target: Target): Promise<Target | undefined> {
  const texts = new Map<string, string | undefined>()
  let wanted = filesToRead(target)
  for (;;) {
    const read = await context.mirror.read(treeish, wanted)
    for (const path of wanted) texts.set(path, read.get(path))
    const then = targetAt(target, texts)
    if (then.needs.length === 0) return then.target
    wanted = then.needs
  }
}
