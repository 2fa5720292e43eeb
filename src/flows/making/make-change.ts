import { isOfChart } from '../../core/chart/released-target.ts'
import type { ProofOfEdit } from '../../core/command/outcome.ts'
import type { NewTexts } from '../../core/layer/place.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { editFor, type IntendedChange, ownerRefusal } from '../../core/rollout/intend.ts'
import { finishObjection } from '../../core/refusal/finish-refusal.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { experiment } from './experiment.ts'
import { finishCharts } from './finish-chart.ts'
import { proveEdit } from './prove.ts'
import type { TreeSnapshot } from '../judgement/comparison/render.ts'

/** An intended change as new texts, ready to be committed or written. */
export interface MadeChange {
  /** Empty if everything is already there. */
  readonly files: NewTexts
  /** Undefined if nothing had to be rendered. */
  readonly proof: ProofOfEdit | undefined
}

/** Where a change is made. */
export interface ChangeSite extends TreeSnapshot {
  /** The pull request that a person drives the rollout from. */
  readonly pull: number | undefined
  /** Why it must not be made, although it could be. Called only if files change, and before anything is rendered. */
  readonly objection?: () => Promise<Refusal | undefined>
}

/** Makes the new texts of a change, and proves by rendering that they have exactly the intended effect. */
export async function makeChange(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  site: ChangeSite,
  change: Pick<IntendedChange, 'moves'>,
): Promise<Result<MadeChange, Refusal>> {
  const [first, ...others] = change.moves
  // The limit of an owner is in the owner's object, which the controller does not write.
  const ownMoves = change.moves.filter(({ move }) => move.kind !== 'limit')
  const refused = ownMoves.map(({ target }) => ownerRefusal(target)).find((refusal) => refusal !== undefined)
  if (refused !== undefined) return err(refused)
  if (first?.move.kind === 'finish-version' && isOfChart(first.target))
    return finishOfCharts(context, site, [first.target, ...others.map(({ target }) => target)])
  return editTexts(context, site, change)
}

async function finishOfCharts(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  site: ChangeSite,
  targets: readonly [Target, ...Target[]],
): Promise<Result<MadeChange, Refusal>> {
  const objection = targets.map(finishObjection).find((one) => one !== undefined)
  return objection === undefined
    ? finishCharts(context, site, targets)
    : err({ code: 'cannot-edit', refusal: objection })
}

async function editTexts(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  site: ChangeSite,
  change: Pick<IntendedChange, 'moves'>,
): Promise<Result<MadeChange, Refusal>> {
  const edit = editFor(change, site.pull)
  const objection = async (): Promise<Refusal | undefined> => site.objection?.()
  const tryOthers = (refused: Refusal): Promise<Result<MadeChange, Refusal>> =>
    experiment(context, site, { moves: change.moves, pull: site.pull, refused })
  if (!edit.ok) {
    const found = await tryOthers(edit.error)
    const refusal = found.ok ? await objection() : undefined
    return refusal === undefined ? found : err(refusal)
  }
  const { files } = edit.value
  if (files.size === 0) return ok({ files, proof: undefined })
  const refusal = await objection()
  if (refusal !== undefined) return err(refusal)
  const proof = await proveEdit(context, site, edit.value)
  return proof.ok ? ok({ files, proof: proof.value }) : tryOthers(proof.error)
}
