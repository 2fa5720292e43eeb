import type { CliResult } from './checkout.ts'

const USAGE = `Perch moves a service from its stable version to its canary version by pull requests.

perch setup           register the GitHub App from a page on this machine: --url <where GitHub reaches Perch>
                      [--org <organization>] [--name <name>] [--file <file>] [--force] [--port <port>] [--minutes <n>]
perch serve           run the GitHub App (see README.md for its environment variables)
perch demo [--exit]   play two rollouts against a GitHub in a box, offline; --exit (the default in CI) ends it when they are over
perch set <percent>   set the canary's share in the files of a checkout: [service] [--env <name>] [--dir <folder>] [--json]
perch switch <version>
                      send all traffic of a blue/green service to a version, in the files of a checkout:
                      [service] [--env <name>] [--dir <folder>] [--dry-run] [--json]
perch status          show where the rollouts of a checkout stand: [--env <name>] [--dir <folder>] [--json]
perch diff            show what changes in the rendered environments of a checkout, between HEAD and its files:
                      [<commit> [<commit>] | <commit>...<commit>] [--env <name>] [--dir <folder>] [--json]
perch validate        look for problems in the environments of a checkout: the same arguments
perch report-key <owner>/<repo>
                      print the key with which that repository's clusters sign what they report (docs/live.md)
perch schema          print the JSON Schema of .github/canary.yml
perch help            show this
`

/** Where a command prints to. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  readonly isColourful: boolean
}

/** Each command loads only the modules that it needs: loading them is most of what a short one takes. Exit codes: 0 done, 1 refused or failed (the reason is on stderr), 2 used in a way that is not known. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  const [command, ...rest] = words
  switch (command ?? '') {
    case 'serve':
      return rest.length === 0
        ? (await import('./serve.ts')).serve()
        : misused(terminal, `serve takes no arguments, but got ${rest.join(' ')}`)
    case 'setup':
      return (await import('./setup/setup.ts')).setup(rest, terminal)
    case 'demo':
      return rest.every((word) => word === '--exit') ? playDemo(rest) : misused(terminal, `demo knows only --exit`)
    case 'set':
      return print(terminal, await (await import('./checkout.ts')).set(rest))
    case 'switch':
      return print(terminal, await (await import('./checkout.ts')).switchVersion(rest))
    case 'status':
      return print(terminal, await (await import('./checkout.ts')).status(rest))
    case 'diff':
      return print(terminal, await (await import('./checkout-review.ts')).diffCheckout(rest, terminal))
    case 'validate':
      return print(terminal, await (await import('./checkout-review.ts')).validateCheckout(rest))
    case 'report-key':
      return printKey(terminal, rest)
    case 'schema':
      return printSchema(terminal)
    case 'help':
    case '--help':
      terminal.out(USAGE)
      return 0
    default:
      return misused(terminal, command === undefined ? 'a command is missing' : `unknown command ${command}`)
  }
}

function print(terminal: Terminal, { code, out, err }: CliResult): number {
  terminal.out(out)
  terminal.err(err)
  return code
}

async function playDemo(words: readonly string[]): Promise<number> {
  const [{ demo }, { isCi }] = await Promise.all([import('./demo.ts'), import('./env.ts')])
  return demo({ exit: words.includes('--exit') || isCi() })
}

async function printSchema(terminal: Terminal): Promise<number> {
  const { configJsonSchema } = await import('../core/config/json-schema.ts')
  terminal.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  return 0
}

/** Nothing but the key goes to stdout: it is piped into a Secret. */
async function printKey(terminal: Terminal, words: readonly string[]): Promise<number> {
  const [repository = '', ...others] = words
  if (others.length > 0 || !/^[\w-]+\/[\w.-]+$/.test(repository))
    return misused(terminal, 'report-key takes one repository, such as acme/gitops')
  const [{ readReportSecret }, { reportKey }] = await Promise.all([import('./env.ts'), import('./edge/report-key.ts')])
  const env = readReportSecret()
  if (!env.ok) return print(terminal, { code: 1, out: '', err: `perch: ${env.problem}\n` })
  return print(terminal, { code: 0, out: `${reportKey(env.secret, repository)}\n`, err: '' })
}

async function misused(terminal: Terminal, why: string): Promise<number> {
  const { terminalText } = await import('../core/text/inert.ts')
  terminal.err(terminalText(`perch: ${why}\n\n${USAGE}`))
  return 2
}
