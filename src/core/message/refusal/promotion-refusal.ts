import type { PromotionRefusal } from '../../refusal/promotion-refusal.ts'
import { code, list, percent } from '../markdown/markdown.ts'
import { leftOutWords } from '../pull-request/left-out.ts'

const ROOM = 6_000

export function explainPromotion(refusal: PromotionRefusal): string {
  switch (refusal.code) {
    case 'same-environment':
      return `You named ${code(refusal.environment)} twice. Name two different environments: \`/promote <from> <to>\`.`
    case 'same-folder':
      return `${code(refusal.from)} and ${code(refusal.to)} are both built from ${code(refusal.folder === '' ? '.' : refusal.folder)}, so a change there reaches both. To promote between them, give each its own folder.`
    case 'not-promotable':
      return refusal.why === 'chart'
        ? `${code(refusal.environment)} is a Helm release, and Perch cannot carry values between charts exactly. Copy the values in a pull request of your own: Perch renders and judges it like any other.`
        : `${code(refusal.environment)} is built in a different way: one of the two is a kustomization, and the other is a folder of manifests. Copy what you need in a pull request of your own: Perch renders and judges it like any other.`
    case 'nothing-to-promote':
      return `There is nothing to promote from ${code(refusal.from)} to ${code(refusal.to)}.${refusal.left.length === 0 ? ' Everything that can be carried is already the same in both.' : ` Perch does not carry these differences:\n\n${leftOutWords(refusal.left, ROOM)}`}`
    case 'target-rolling':
      return `A rollout of ${code(refusal.service)} is running in ${code(refusal.environment)} (${refusal.share === 'unknown' ? 'its share cannot be read' : percent(refusal.share)}). Finish it, or end it with \`/canary abort\`, and then promote.`
    case 'unknown-service':
      return `There is no service ${code(refusal.service)} in ${code(refusal.environment)}. ${refusal.known.length === 0 ? 'Leave it out to promote everything.' : `Known here: ${list(refusal.known)}.`}`
    case 'promotion-open':
      return `#${refusal.pull} is open and carries some of the same. Merge or close it first.`
  }
}
