import { CONFIG_FILE } from '../../core/config/read.ts'
import type { ConfigProposal } from '../../core/message/onboarding/proposed-config.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, type Result } from '../../core/result.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { proposeConfig } from '../making/propose-config.ts'
import type { FileSource } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** Writes a proposed config into a folder that has none. `isDry`: only proposes one, even if the folder has a config. */
export async function initCheckout(
  context: Pick<RepositoryContext, 'renderer'> & {
    readonly worktree: FileSource['mirror'] & { write(files: ReadonlyMap<string, string>): Promise<void> }
  },
  { here, isDry }: { readonly here: Sha; readonly isDry: boolean },
): Promise<Result<ConfigProposal, Refusal | 'is-there'>> {
  const { worktree, renderer } = context
  const isThere = (await worktree.entries(here)).some(({ path }) => path === CONFIG_FILE)
  if (isThere && !isDry) return err('is-there')
  const made = await proposeConfig({ mirror: worktree, renderer }, here)
  if (made.ok && !isDry) await worktree.write(new Map([[CONFIG_FILE, made.value.text]]))
  return made
}
