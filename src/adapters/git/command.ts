/**
 * Runs git commands on one mirror. There are two kinds, with different environments:
 *
 * - `local` has no address, no token and no transport, so it cannot reach the network, whatever the repository contains. For it,
 *   the mirror is a plain repository: a missing object is reported as missing, and git does not try to fetch it.
 * - `remote` has all three, and treats the mirror as a partial clone.
 *
 * Settings are passed as environment variables, and so is the token: every user of the machine can read arguments, and
 * configuration files stay on disk.
 */
import { resolve } from 'node:path'
import { USUAL_PATH } from '../process-sandbox/program-path.ts'
import { runContained } from '../process-sandbox/run.ts'
import type { ProcessEnd } from '../process-sandbox/run-here.ts'
import { GitHubRefused } from '../../ports/github/github-refused.ts'
import { GitTimedOut, GitTooLarge, GitUnavailable } from './errors.ts'

export interface GitOptions {
  readonly folder: string
  readonly url: string
  /** Returns a token. `refused`: a token that the server no longer accepts. */
  readonly token: (refused?: string) => Promise<string>
  /** Whether the App may read the repository's contents on GitHub. Called when GitHub answers 403. Default: it may not. */
  readonly mayRead?: () => Promise<boolean>
  /** Passed on to git: `PATH` and, if the operator set them, proxies and certificates. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface GitAnswer {
  readonly code: number
  readonly stdout: Buffer
  /** The last error line of git, without paths of this machine. */
  readonly complaint: string
  /** Why the server refused: it does not accept the token, or the account has no access. */
  readonly denied?: 'token' | 'access' | undefined
}

interface GitCall {
  readonly args: readonly string[]
  readonly input?: string
  readonly timeoutMs?: number
  /** The maximum size of the output; default `MAX_BYTES`. */
  readonly maxBytes?: number
  readonly config?: Config
  /** Runs outside of the mirror, which may be damaged. */
  readonly isApart?: boolean
}

export interface Git {
  readonly folder: string
  readonly url: string
  /**
   * Throws `GitUnavailable` if git is missing, too slow, or writes too much output. Other failures are in the exit code of the
   * answer.
   */
  local(ask: GitCall): Promise<GitAnswer>
  remote(ask: GitCall): Promise<GitAnswer>
}

type Config = Readonly<Record<string, string>>

const LOCAL_TIMEOUT_MS = 30_000
export const REMOTE_TIMEOUT_MS = 60_000
/** Enough for the list of half a million files, or for the contents that one `read` allows. */
const MAX_BYTES = 96 * 1024 * 1024

/** Applies to every command. Git reads no configuration of the machine or of a user. */
const SAFE: Config = {
  'core.hooksPath': '/dev/null',
  // `tidy` in store.ts repacks at a moment when nobody waits.
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.allow': 'never',
  // GitHub checks objects when they are pushed, and we never check anything out here. Another check would refuse repositories
  // with old, harmless flaws (for example zero-padded file modes from 2009).
  'transfer.fsckObjects': 'false',
}

/** Makes git treat the mirror as a partial clone of the remote `origin`: git assumes that missing objects exist on the remote. */
export const PARTIAL: Config = { 'remote.origin.promisor': 'true', 'remote.origin.partialCloneFilter': 'blob:none' }

export function openGit(options: GitOptions): Git {
  const folder = resolve(options.folder)
  const ask = async (question: GitCall, config: Config, timeoutMs: number): Promise<GitAnswer> => {
    const env = environment(options, folder, { ...SAFE, ...config, ...question.config })
    if (question.isApart === true) delete env['GIT_DIR']
    const { args, input = '' } = question
    const limits = { timeoutMs: question.timeoutMs ?? timeoutMs, maxBytes: question.maxBytes ?? MAX_BYTES }
    const verb = args[0] ?? ''
    const command = ['git', ...args] as const
    const finished = await runContained({ title: `git ${verb}`, command, folder: '/', env, input, ...limits })
    return answer(finished, { verb, folder, maxBytes: limits.maxBytes })
  }
  const remote = async (question: GitCall): Promise<GitAnswer> => {
    const token = options.url.startsWith('file:') ? '' : await options.token()
    const first = await ask(question, network(options, token), REMOTE_TIMEOUT_MS)
    // The refused request had no effect, so it can be repeated with another token.
    const isStale = first.denied === 'token'
    const answer = isStale
      ? await ask(question, network(options, await options.token(token)), REMOTE_TIMEOUT_MS)
      : first
    if (answer.denied !== 'access') return answer
    // GitHub also answers 403 to too many requests. Then the App still has the permission, and the next attempt will succeed.
    if (await options.mayRead?.()) throw new GitUnavailable(`git ${question.args[0] ?? ''}: ${answer.complaint}`)
    throw new GitHubRefused({ action: 'read', cause: 'permission', branch: '', reason: answer.complaint })
  }
  return {
    folder,
    url: options.url,
    local: (question) => ask(question, {}, LOCAL_TIMEOUT_MS),
    remote: (question) => remote(question),
  }
}

function network(options: GitOptions, token: string): Config {
  const reach: Config = {
    ...PARTIAL,
    'remote.origin.url': options.url,
    'credential.helper': '',
    'core.askPass': '',
    // Following a redirect would send the token to another server.
    'http.followRedirects': 'false',
    // Ends a very slow transfer, even if our process is no longer there to kill it.
    'http.lowSpeedLimit': '1000',
    'http.lowSpeedTime': '30',
  }
  if (options.url.startsWith('file:')) return { ...reach, 'protocol.file.allow': 'always' }
  const { origin, protocol } = new URL(options.url)
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64')
  return {
    ...reach,
    [`protocol.${protocol === 'http:' ? 'http' : 'https'}.allow`]: 'always',
    [`http.${origin}/.extraHeader`]: `Authorization: Basic ${credentials}`,
  }
}

function environment(options: GitOptions, folder: string, config: Config): Record<string, string> {
  const env: Record<string, string> = {
    PATH: USUAL_PATH,
    ...options.environment,
    GIT_DIR: folder,
    // Without GIT_DIR, git must not search for another repository.
    GIT_CEILING_DIRECTORIES: '/',
    // libcurl looks here for a .netrc, and git for attributes. The folder contains neither.
    HOME: folder,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_ATTR_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_LITERAL_PATHSPECS: '1',
  }
  const pairs = Object.entries(config)
  env['GIT_CONFIG_COUNT'] = String(pairs.length)
  for (const [index, [key, value]] of pairs.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key
    env[`GIT_CONFIG_VALUE_${index}`] = value
  }
  return env
}

function answer(finished: ProcessEnd, at: { verb: string; folder: string; maxBytes: number }): GitAnswer {
  switch (finished.end) {
    case 'exited': {
      const { code, stdout, stderr } = finished
      const complaint = lastComplaint(stderr).replaceAll(at.folder, 'the mirror').replaceAll(OWN_REF, 'a ref')
      return { code, stdout, complaint, denied: code === 0 ? undefined : deniedIn(stderr) }
    }
    case 'timed-out':
      throw new GitTimedOut(`git ${at.verb} took too long and was stopped`)
    case 'too-large':
      throw new GitTooLarge(
        `git ${at.verb} answered with more than ${Math.ceil(at.maxBytes / 1024)} KiB and was stopped`,
      )
    case 'not-started':
      throw new GitUnavailable('git could not be started; is it installed?')
  }
}

/** Our own names of refs (`saltOf`), which must not leave this machine. */
const OWN_REF = /refs\/perch\/[^\s']*/g

/** If the server refuses the token (401), git asks for a user name, and there is nobody to answer. */
function deniedIn(stderr: string): GitAnswer['denied'] {
  if (/^fatal: (?:could not read Username|Authentication failed) for /m.test(stderr)) return 'token'
  return /^fatal: unable to access .*: The requested URL returned error: 403$/m.test(stderr) ? 'access' : undefined
}

/** Only git's own words. Lines that start with `remote:` come from the server, and may say anything. */
function lastComplaint(stderr: string): string {
  const own = stderr.split('\n').filter((line) => /^(?:fatal|error): /.test(line))
  return (own.at(-1) ?? '').slice(0, 300)
}
