import * as z from 'zod'
import type { OwnIssue } from '../../ports/github/issues.ts'
import { Time } from './schema.ts'

const IssueAnswer = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  body: z.string().nullish(),
  updated_at: Time,
})

/** Reads an issue from a REST answer. */
export function issueOf(answer: unknown): OwnIssue {
  const { number, state, body, updated_at: updatedAt } = IssueAnswer.parse(answer)
  return { number, isOpen: state === 'open', body: body ?? '', updatedAt }
}

const IssuesAnswer = z.object({
  repository: z.object({
    hasIssuesEnabled: z.boolean(),
    issues: z.object({
      nodes: z.array(
        z.object({
          number: z.int(),
          state: z.enum(['OPEN', 'CLOSED']),
          body: z.string(),
          updatedAt: Time,
          viewerDidAuthor: z.boolean(),
        }),
      ),
    }),
  }),
})

/** The issues that this App opened, in the order of the answer. */
export function listedIssuesOf(answer: unknown): {
  readonly hasIssues: boolean
  readonly issues: readonly OwnIssue[]
} {
  const { hasIssuesEnabled: hasIssues, issues } = IssuesAnswer.parse(answer).repository
  const own = issues.nodes.filter(({ viewerDidAuthor }) => viewerDidAuthor)
  return {
    hasIssues,
    issues: own.map(({ number, state, body, updatedAt }) => ({ number, isOpen: state === 'OPEN', body, updatedAt })),
  }
}
