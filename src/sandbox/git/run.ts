/**
 * Runs git on bare repositories. Synchronous on purpose: so a change of the model is one step that nothing can interleave with,
 * and a git command takes only a few milliseconds.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Git {
  /** The folder with git's own programs, such as `git-http-backend`. */
  readonly execPath: string
  /** A clean environment, without this machine's git configuration, and without the GIT_DIR of a hook that runs the tests. */
  readonly env: Readonly<Record<string, string>>
}

export class GitError extends Error {
  override readonly name = 'GitError'
}

interface Outcome {
  readonly code: number
  readonly stdout: Buffer
  readonly stderr: string
}

interface Run {
  readonly input?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

let knownPath: string | undefined

export function findGit(home: string): Git {
  const execPath = (knownPath ??= execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim())
  return {
    execPath,
    env: {
      PATH: `${execPath}:/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin`,
      HOME: home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
    },
  }
}

/** A bare repository, and a cache of what has been read from it. Objects never change, so they are read once. */
export interface BareRepository {
  readonly tool: Git
  readonly dir: string
  readonly memo: Map<string, unknown>
}

/** Runs git in a bare repository. Throws a `GitError` with git's message if it fails. */
export function git(bare: BareRepository, args: readonly string[], run: Run = {}): string {
  const done = attempt(bare, args, run)
  if (done.code !== 0) throw new GitError(`git ${args.join(' ')}: ${done.stderr}`)
  return done.stdout.toString('utf8')
}

/** Runs git, and returns failures as an outcome. */
export function attempt(bare: BareRepository, args: readonly string[], run: Run = {}): Outcome {
  const done = spawnSync(join(bare.tool.execPath, 'git'), ['--git-dir', bare.dir, ...args], {
    env: { ...bare.tool.env, ...run.env },
    input: run.input ?? '',
    maxBuffer: 512 * 1024 * 1024,
  })
  if (done.error !== undefined) throw done.error
  return { code: done.status ?? -1, stdout: done.stdout, stderr: done.stderr.toString('utf8') }
}

/** Caches a value that depends only on immutable objects. */
export function once<T>(bare: BareRepository, key: string, compute: () => T): T {
  const known = bare.memo.get(key)
  if (known !== undefined) return known as T
  const value = compute()
  bare.memo.set(key, value)
  return value
}

/** Refuses a push that violates a ruleset, with GitHub's message. The rules are in its environment (`rulesForHook`). */
const HOOK = `#!/bin/sh
breaks() { printf '%s\\n' "$SANDBOX_RULES" | while read -r rule pattern; do
  [ "$rule" = "$1" ] && printf '%s' "$ref" | grep -Eq "$pattern" && echo yes
done | grep -q yes; }
while read -r from to ref; do
  why=
  case "$from $to" in
    *[!0]*' '*[!0]*)
      git merge-base --is-ancestor "$from" "$to" || { breaks non_fast_forward && why='Cannot force-push to this branch'; }
      breaks update && why='Cannot update this protected ref.' ;;
    *[!0]*' '*) breaks deletion && why='Cannot delete this protected ref.' ;;
    *) breaks creation && why='Cannot create ref due to creations being restricted.' ;;
  esac
  [ -z "$why" ] && continue
  printf 'error: GH013: Repository rule violations found for %s.\\n\\n- %s\\n\\n' "$ref" "$why" >&2
  exit 1
done
exit 0
`

/** The same repository in another folder. */
export function moveBare({ tool, dir: before, memo }: BareRepository, dir: string): BareRepository {
  mkdirSync(dirname(dir), { recursive: true })
  renameSync(before, dir)
  return { tool, dir, memo }
}

/** Makes an empty bare repository, as `git init` would. It serves partial clones and single commits, as GitHub does. */
export function initBare(tool: Git, dir: string, defaultBranch: string): BareRepository {
  const bare: BareRepository = { tool, dir, memo: new Map() }
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'hooks'])
    mkdirSync(join(dir, folder), { recursive: true })
  writeFileSync(join(dir, 'HEAD'), `ref: refs/heads/${defaultBranch}\n`)
  const config = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = false
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[http]
\treceivepack = true
[receive]
\thideRefs = refs/pull
[gc]
\tauto = 0
`
  writeFileSync(join(dir, 'config'), config)
  writeFileSync(join(dir, 'hooks', 'pre-receive'), HOOK, { mode: 0o755 })
  return bare
}
