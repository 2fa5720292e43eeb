import { isOwnBranch } from '../../marker/own-branch.ts'
import { code, plainText } from '../markdown/markdown.ts'
import type { GitHubRefusal } from '../../refusal/github-refusal.ts'

/** What GitHub does not allow, why, and what to change. */
export function explainGitHubRefusal(refusal: GitHubRefusal): string {
  const reason = refusal.reason === '' ? '' : ` It says: “${plainText(refusal.reason)}”`
  return `GitHub does not let Perch ${actionWords(refusal)}.${reason}${reason.endsWith('.”') || reason === '' ? '' : '.'} ${wayOut(refusal)}`
}

function actionWords({ action, branch }: GitHubRefusal): string {
  switch (action) {
    case 'create-branch':
      return `create the branch ${code(branch)}`
    case 'move-branch':
      return `change the branch ${code(branch)}`
    case 'delete-branch':
      return `delete the branch ${code(branch)}`
    case 'commit':
      return `commit to ${code(branch)}`
    case 'open-pull':
      return `open a pull request from ${code(branch)}`
    case 'edit-pull':
      return 'change a pull request'
    case 'merge':
      return 'merge a pull request'
    case 'comment':
      return 'comment'
    case 'check':
      return 'write its checks'
    case 'deploy':
      return 'show deployments'
    case 'issue':
      return 'keep its issue with all rollouts'
    case 'read':
      return 'read this repository'
    case 'work':
      return 'work in this repository'
  }
}

function neededFor({ action }: GitHubRefusal): string {
  if (action === 'deploy') return 'deployments'
  return action === 'issue' ? 'issues' : 'contents, pull requests and checks'
}

function wayOut(refusal: GitHubRefusal): string {
  switch (refusal.cause) {
    case 'rule':
      return isOwnBranch(refusal.branch)
        ? 'Add this App to the bypass list of the ruleset or branch protection that covers `canary/**/*`, `switch/**/*`, `promote/**/*` and `perch/**/*` (**Settings → Rules** or **Settings → Branches**), or exclude these branches from it.'
        : 'Add this App to the bypass list of the ruleset or branch protection that covers this branch (**Settings → Rules** or **Settings → Branches**), or use a branch that is not protected.'
    case 'in-the-way':
      return `Git cannot have this branch beside ${code(refusal.rival ?? '')}: one name is a folder of the other. Rename or delete ${code(refusal.rival ?? '')}.`
    case 'name-too-long':
      return 'GitHub takes branch names of at most 244 bytes. Give the environment or the service a shorter name in `.github/canary.yml`.'
    case 'permission':
      return `Ask an administrator to open this App under **Settings → GitHub Apps** and to accept the permissions that it requests: write access to ${neededFor(refusal)}.`
    case 'archived':
      return 'The repository is archived. Perch continues when an administrator unarchives it.'
    case 'suspended':
      return 'The installation of this App is suspended. Perch continues when an administrator resumes it under **Settings → GitHub Apps**.'
    case 'not-installed':
      return 'This App is no longer installed on the repository. Install it again, with access to this repository.'
    case 'locked':
      return 'The conversation is locked. Unlock it, or comment on another pull request.'
    case 'pulls-disabled':
      return 'Allow pull requests, and let Apps open them: **Settings → General → Features → Pull requests**.'
    case 'other':
      return 'Fix what GitHub names, or ask the operator of Perch to look at the log.'
  }
}
