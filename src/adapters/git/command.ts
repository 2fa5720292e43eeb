/**
 * Git commands on one mirror. Two kinds, that differ in what they are given:
 *
 * - `local` has no address, no token and no transport: it cannot reach the network, whatever a repository holds. Here the
 *   mirror also looks like a plain repository, so that an object which is not here is "missing" and not a reason to fetch.
 * - `remote` has all three, and knows the mirror as a partial clone.
 *
 * Everything is handed over as environment variables, the token too: arguments are readable by every user of the
 * machine, and configuration files stay.
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
  /** `refused`: the one that the server takes no longer. */
  readonly token: (refused?: string) => Promise<string>
  /** Whether GitHub lets the App read the repository's contents. Asked when git is refused (403); default: it does not. */
  readonly mayRead?: () => Promise<boolean>
  /** Handed down to git: PATH, and where the operator has them, proxies and certificates. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface GitAnswer {
  readonly code: number
  readonly stdout: Buffer
  /** Git's last complaint, in one line, with no path of this machine in it. */
  readonly complaint: string
  /** What the server says to who asks: nobody (the token is refused), or somebody who may not. */
  readonly denied?: 'token' | 'access' | undefined
}

interface GitCall {
  readonly args: readonly string[]
  readonly input?: string
  readonly timeoutMs?: number
  /** How much it may answer; `MAX_BYTES` unless told. */
  readonly maxBytes?: number
  readonly config?: Config
  /** Without looking at the mirror, which may be damaged. */
  readonly isApart?: boolean
}

export interface Git {
  readonly folder: string
  readonly url: string
  /** Throws `GitUnavailable` when git is not there, too slow or says too much; other failures are the answer's code. */
  local(ask: GitCall): Promise<GitAnswer>
  remote(ask: GitCall): Promise<GitAnswer>
}

type Config = Readonly<Record<string, string>>

const LOCAL_TIMEOUT_MS = 30_000
export const REMOTE_TIMEOUT_MS = 60_000
/** The listing of half a million files, or the contents that `read` allows itself. */
const MAX_BYTES = 96 * 1024 * 1024

/** Holds in every command. Nothing of the machine's or a user's configuration is read. */
const SAFE: Config = {
  'core.hooksPath': '/dev/null',
  // We repack ourselves (store.ts), when nobody waits.
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.allow': 'never',
  // GitHub checks objects when they are pushed, and nothing is ever checked out here. Checking again would refuse
  // repositories with old, harmless flaws (a zero-padded file mode of 2009).
  'transfer.fsckObjects': 'false',
}

/** Makes git treat the mirror as a partial clone of the remote `origin`: objects that are not here exist there. */
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
    // What was refused had no effect.
    const isStale = first.denied === 'token'
    const answer = isStale
      ? await ask(question, network(options, await options.token(token)), REMOTE_TIMEOUT_MS)
      : first
    if (answer.denied !== 'access') return answer
    // GitHub also answers 403 to who asks too often. Then the permission is still there, and the next attempt passes.
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
    // A redirect would carry the token to wherever it points.
    'http.followRedirects': 'false',
    // Ends a transfer that crawls, also when we are no longer there to kill it.
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
    // Without GIT_DIR git must not look for another repository.
    GIT_CEILING_DIRECTORIES: '/',
    // Where libcurl looks for a .netrc and git for attributes: there are none.
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

/** What refs are called here stays here (`saltOf`). */
const OWN_REF = /refs\/perch\/[^\s']*/g

/** Git asks for another name where a token is refused (401), and there is nobody to give it. */
function deniedIn(stderr: string): GitAnswer['denied'] {
  if (/^fatal: (?:could not read Username|Authentication failed) for /m.test(stderr)) return 'token'
  return /^fatal: unable to access .*: The requested URL returned error: 403$/m.test(stderr) ? 'access' : undefined
}

/** Git's own words only: lines that start with `remote:` are the server's, and may say anything. */
function lastComplaint(stderr: string): string {
  const own = stderr.split('\n').filter((line) => /^(?:fatal|error): /.test(line))
  return (own.at(-1) ?? '').slice(0, 300)
}
