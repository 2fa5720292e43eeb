/** Actions of people on issues that are not pull requests. */
import { editIssue, openIssue } from '../model/issues.ts'
import { byPerson, fullName } from '../state/world.ts'
import type { Issue } from '../state/types.ts'
import type { Scene } from './reports.ts'

export interface IssueSide {
  /** Returns its number. */
  openIssue(title: string, body?: string): number
  /** Also for ticking a check box, which is such an edit. */
  editIssue(number: number, body: string): void
  closeIssue(number: number): void
  reopenIssue(number: number): void
}

export function issueSide({ world, repo, account, must }: Scene): IssueSide {
  const own = (number: number, role: 'write' | 'triage'): Issue => {
    const issue = repo.issues.get(number)
    if (issue === undefined) throw new Error(`${fullName(repo)} has no issue #${String(number)}`)
    must(issue.author.account === account ? 'read' : role)
    return issue
  }
  return {
    openIssue(title, body) {
      must('read')
      return openIssue(world, repo, { author: byPerson(account), title, body }).number
    },
    editIssue: (number, body) => {
      editIssue(world, own(number, 'write'), { by: account, body })
    },
    closeIssue: (number) => {
      editIssue(world, own(number, 'triage'), { by: account, state: 'closed' })
    },
    reopenIssue: (number) => {
      editIssue(world, own(number, 'triage'), { by: account, state: 'open' })
    },
  }
}
