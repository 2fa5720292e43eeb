/**
 * Answers that GitHub need not send again. A GET whose answer has not changed is answered with 304, which does not count against the
 * rate limit (REST docs, "Use conditional requests if appropriate"). GitHub still decides whether it has changed.
 */
export interface KeptAnswer {
  readonly etag: string
  readonly status: number
  readonly data: unknown
  readonly link: string | undefined
}

export interface KeptAnswers {
  get(key: string): KeptAnswer | undefined
  keep(key: string, answer: KeptAnswer): void
}

interface Limits {
  readonly count: number
  /** Characters of all answers, as JSON. */
  readonly size: number
}

/** An installation of a hundred repositories with ten open pull requests each asks for fewer things in a sweep. */
const LIMITS: Limits = { count: 5_000, size: 16 * 2 ** 20 }

/** Those used last. */
export function keptAnswers({ count, size }: Limits = LIMITS): KeptAnswers {
  const answers = new Map<string, { readonly answer: KeptAnswer; readonly length: number }>()
  let total = 0
  const drop = (key: string): void => {
    total -= answers.get(key)?.length ?? 0
    answers.delete(key)
  }
  return {
    get(key) {
      const known = answers.get(key)
      if (known === undefined) return undefined
      answers.delete(key)
      answers.set(key, known)
      return known.answer
    },
    keep(key, answer) {
      drop(key)
      const { length } = JSON.stringify(answer.data ?? null)
      answers.set(key, { answer, length })
      total += length
      for (const oldest of answers.keys()) {
        if (answers.size <= count && total <= size) break
        drop(oldest)
      }
    },
  }
}
