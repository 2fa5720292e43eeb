import {
  explainSetup,
  setupDone,
  setupInvitation,
  type SetupProblem,
} from '../../core/message/command-line/setup-words.ts'
import { helpHint } from '../../core/message/command-line/cli-commands.ts'
import { terminalText } from '../../core/text/inert.ts'
import { type GitHubAddresses, readGitHubAddresses } from '../env.ts'
import type { Terminal } from '../command-line/cli-call.ts'
import { appManifest, webhookUrl } from './app-manifest.ts'
import { checkEnvFile, type EnvFile, writeEnvFile } from './env-file.ts'
import { exchangeCode } from './exchange-code.ts'
import { readSetupWish, type SetupWish } from './setup-wish.ts'
import { type Registration, type SetupServer, startSetupServer } from './setup-server.ts'

/**
 * `perch setup`: registers the GitHub App from a local page, and writes its credentials to a file. Exit codes are those of
 * `runCommand`.
 */
export async function setup(options: object, terminal: Pick<Terminal, 'out' | 'err'>): Promise<number> {
  const read = readSetupWish(options)
  if (!read.ok)
    return refuse(terminal, { code: 'used-wrongly', words: `${read.problems.join(' ')}\n${helpHint('setup')}` })
  const wish = read.value
  const github = readGitHubAddresses()
  if (!github.ok) return refuse(terminal, { code: 'used-wrongly', words: github.problems.join(' ') })
  const problem = checkEnvFile(fileOf(wish))
  if (problem !== undefined) return refuse(terminal, problem)
  const server = await startServer(wish, github.value).catch(() => undefined)
  if (server === undefined) return refuse(terminal, { code: 'port-taken', port: wish.port })
  terminal.out(setupInvitation(server.address, wish.minutes))
  const end = await Promise.race([server.end, tooLate(wish.minutes)])
  await server.close()
  if (!end.ok) return refuse(terminal, end.problem)
  terminal.out(terminalText(setupDone(end.app, end.file)))
  return 0
}

function refuse(terminal: Pick<Terminal, 'err'>, problem: SetupProblem): number {
  terminal.err(terminalText(`perch: ${explainSetup(problem)}\n`))
  return problem.code === 'used-wrongly' ? 2 : 1
}

function fileOf({ file: path, force: isForced }: SetupWish): EnvFile {
  return { path, isForced }
}

function startServer(wish: SetupWish, github: GitHubAddresses): Promise<SetupServer> {
  const { url: serviceUrl, org: organization, name, port } = wish
  return startSetupServer({
    port,
    form: (state, redirectUrl) => ({
      action: pageFor(github, organization, state),
      manifest: appManifest({ serviceUrl, redirectUrl }, name),
      webhookUrl: webhookUrl({ serviceUrl }),
      organization,
      host: new URL(github.webUrl).host,
    }),
    register: (code) => register(fileOf(wish), github, code),
  })
}

/** GitHub's page for manifests. */
function pageFor({ webUrl }: GitHubAddresses, organization: string | undefined, state: string): string {
  const owner = organization === undefined ? '' : `/organizations/${organization}`
  return `${webUrl}${owner}/settings/apps/new?state=${state}`
}

async function register(file: EnvFile, github: GitHubAddresses, code: string): Promise<Registration> {
  const exchange = await exchangeCode(github.apiUrl, code)
  if (!exchange.ok) return exchange
  const { app } = exchange
  const isWritten = await writeEnvFile(file, {
    APP_ID: String(app.id),
    // On one line, which every reader of such files accepts.
    PRIVATE_KEY: Buffer.from(app.pem).toString('base64'),
    WEBHOOK_SECRET: app.webhookSecret,
    ...github.given,
  })
  if (isWritten) return { ok: true, app, file: file.path }
  return { ok: false, problem: { code: 'not-written', file: file.path, pageUrl: app.pageUrl }, canTryAgain: false }
}

function tooLate(minutes: number): Promise<Registration> {
  return new Promise((resolve) => {
    AbortSignal.timeout(minutes * 60_000).addEventListener('abort', () => {
      resolve({ ok: false, problem: { code: 'too-late', minutes }, canTryAgain: false })
    })
  })
}
