import { type Initiator, initiatorTrailer, MOVE_TRAILER } from '../../marker/trailer.ts'
import type { PreparedPromotion, PromotionFlow } from '../../promotion/promotion.ts'
import { titleText } from '../../text/inert.ts'
import { fitLines, MAX_BODY, sizeOf } from '../../text/limits.ts'
import { diffPages } from '../comment/diff.ts'
import { counted, moreLine } from '../markdown/lists.ts'
import { bounded } from '../markdown/bounded.ts'
import { code, list, paragraphs } from '../markdown/markdown.ts'
import { leftOutWords } from './left-out.ts'

/** Title of the pull request, and headline of its commit. */
export function promotionTitle({ from, to, service }: PromotionFlow): string {
  return titleText(`Promote ${service ?? 'all'}: ${from} → ${to}`)
}

export function promotionCommit(
  { flow }: PreparedPromotion,
  asked: Initiator | undefined,
): { readonly headline: string; readonly body: string } {
  const by = asked === undefined ? [] : [initiatorTrailer(asked)]
  const trailer = `${MOVE_TRAILER}: ${titleText(`${flow.from} ${flow.to}`)} promotion`
  return { headline: promotionTitle(flow), body: [trailer, ...by].join('\n') }
}

const ROOM = { carried: 8_000, left: 10_000, closing: 3_000 }

/** The body of the pull request, from which a reviewer decides. */
export function promotionBody(words: PreparedPromotion, asked: Initiator | undefined): string {
  const { flow } = words
  const by = asked === undefined ? '' : `Asked by ${code(asked.login)} in #${asked.pull}.`
  return bounded(
    paragraphs(
      `Carries the configuration of ${flow.service === undefined ? 'all services' : code(flow.service)} from ${code(flow.from)} to ${code(flow.to)}.`,
      by,
      carriedWords(words),
      notCarried(words),
      CHECK_LIST(flow),
      renderedWords(words),
      `<sub>Perch updates this pull request when ${code(flow.from)} or ${code(flow.to)} changes on the base branch. It never carries weights: \`/canary\` moves them.</sub>`,
    ),
  )
}

const CHECK_LIST = ({ from, to }: PromotionFlow): string =>
  `**Before you merge**\n\n${[
    'The configuration is reviewed',
    `${code(from)} is healthy with it; \`canary/gate\` shows whether it runs there`,
    `The dashboards of ${code(to)} are open`,
    `The owner of ${code(to)} agrees`,
  ]
    .map((line) => `- [ ] ${line}`)
    .join('\n')}`

/** The effect of a promotion, without a pull request. */
export function promotionPreview(words: PreparedPromotion): string {
  const { flow } = words
  return paragraphs(
    `🔎 ${code(promotionTitle(flow))} would change this. Nothing was committed.`,
    carriedWords(words),
    notCarried(words),
    renderedWords(words),
  )
}

function carriedWords({ plan: { files, values, added, images }, rendered }: PreparedPromotion): string {
  const edited = [...files.keys()].filter((file) => !added.some((one) => one.file === file))
  const lines = [
    ...images.map(
      ({ name, before, after }) =>
        `- image ${code(name)}: ${before === undefined ? 'new' : code(before)} → ${code(after)}`,
    ),
    ...added.map(({ file }) => `- new file ${code(file)}`),
    ...edited.map((file) => {
      const count = values.filter((value) => value.file === file).length
      return `- ${code(file)}${count === 0 ? '' : `: ${counted(count, 'value')}`}`
    }),
  ]
  const proof =
    rendered.length === 1
      ? `Rendered before and after: only the listed values of ${code(rendered[0] ?? '')} change.`
      : `Rendered before and after: ${list(rendered)}. Only the listed values of ${code(rendered[0] ?? '')} change.`
  return paragraphs(`**What is promoted**\n\n${fitLines(lines, ROOM.carried, moreLine).join('\n')}`, proof)
}

function notCarried({ plan: { left } }: PreparedPromotion): string {
  return left.length === 0 ? '' : `**What is not promoted, and why**\n\n${leftOutWords(left, ROOM.left)}`
}

function renderedWords(words: PreparedPromotion): string {
  const { diff, plan } = words
  const above = sizeOf(paragraphs(carriedWords(words), notCarried({ ...words, plan })))
  const [page] = diffPages([diff], [MAX_BODY - above - ROOM.closing])
  const total = diff.resources.length
  const rest =
    (page?.shown ?? 0) < total || page?.isCut === true
      ? 'This is only a part. To see more, comment `/canary diff` on the pull request, or run `perch diff` in a checkout.'
      : ''
  return paragraphs(`**The rendered ${code(diff.environment)}, before and after**`, page?.text, rest)
}
