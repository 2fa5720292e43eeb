import type * as z from 'zod'
import type { RepositoryContext } from '../repository/repository-context.ts'

/**
 * Everything of one kind that is remembered for this repository, by the rest of its key. Entries that another version of Perch
 * wrote are left out.
 */
export async function recallAll<T>(
  { memo, repo }: Pick<RepositoryContext, 'memo' | 'repo'>,
  kind: string,
  schema: z.ZodType<T>,
): Promise<ReadonlyMap<string, T>> {
  const prefix = `${kind}:${repo.id}:`
  return new Map(
    [...(await memo.entries(prefix))].flatMap(([key, value]) => {
      const seen = schema.safeParse(value)
      return seen.success ? [[key.slice(prefix.length), seen.data] as const] : []
    }),
  )
}
