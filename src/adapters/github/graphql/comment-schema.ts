import * as z from 'zod'
import type { Comment } from '../../../core/rollout/facts.ts'
import { type AppIdentity, Time } from '../schema.ts'

const WrittenComment = z.object({
  fullDatabaseId: z.union([z.string().regex(/^\d+$/).transform(Number), z.int()]),
  body: z.string(),
  createdAt: Time,
  lastEditedAt: Time.nullable(),
  includesCreatedEdit: z.boolean(),
  viewerDidAuthor: z.boolean(),
  author: z.object({ kind: z.string(), login: z.string() }).nullable(),
})

const ConversationAnswer = z.object({
  repository: z.object({
    pullRequest: z.object({
      comments: z.object({
        nodes: z.array(WrittenComment),
        pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      }),
    }),
  }),
})

/** One page of a pull request's comments, and the cursor of the next page; undefined if the answer has another form. */
export function conversationPageOf(
  answer: unknown,
): { readonly nodes: readonly z.infer<typeof WrittenComment>[]; readonly after: string | undefined } | undefined {
  const read = ConversationAnswer.safeParse(answer)
  if (!read.success) return undefined
  const { nodes, pageInfo } = read.data.repository.pullRequest.comments
  return { nodes, after: pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined }
}

export function writtenCommentOf(node: z.infer<typeof WrittenComment>, app: AppIdentity): Comment {
  const { fullDatabaseId: id, body, createdAt, author } = node
  const isBot = author?.kind === 'Bot'
  // GraphQL returns an App's login without `[bot]`.
  const login = author === null ? 'ghost' : isBot ? `${author.login.replace(/\[bot\]$/, '')}[bot]` : author.login
  return {
    id,
    author: { login, isBot },
    body,
    createdAt,
    isEdited: node.lastEditedAt !== null || node.includesCreatedEdit,
    isOurs: node.viewerDidAuthor || (isBot && login === app.login),
  }
}
