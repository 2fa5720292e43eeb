import { CommanderError } from 'commander'
import { CLI_COMMAND_NAMES, type CliCommandName } from '../../core/message/command-line/cli-commands.ts'
import type { CliCall, CliOptions, CliResult, Terminal } from './cli-call.ts'
import { commandFor, programFor } from './program.ts'
import { createProgress } from './progress.ts'

/** Each command loads only the modules that it needs, because loading takes most of the time of a short command. */
const HANDLERS: Readonly<Record<CliCommandName, (call: CliCall) => Promise<CliResult>>> = {
  init: async (call) => (await onCheckout(() => import('./init.ts'))).init(call),
  set: async (call) => (await onCheckout(() => import('./checkout.ts'))).set(call),
  switch: async (call) => (await onCheckout(() => import('./checkout.ts'))).switchVersion(call),
  promote: async (call) => (await onCheckout(() => import('./promote-checkout.ts'))).promote(call),
  status: async (call) => (await onCheckout(() => import('./checkout.ts'))).status(call),
  diff: async (call) => (await onCheckout(() => import('./checkout-review.ts'))).diffCheckout(call),
  validate: async (call) => (await onCheckout(() => import('./checkout-review.ts'))).validateCheckout(call),
  serve: async () => ended(await (await import('../serve.ts')).serve()),
  setup: async ({ options, terminal }) => ended(await (await import('../setup/setup.ts')).setup(options, terminal)),
  demo: playDemo,
  'report-key': printKey,
  schema: async () => {
    const { configJsonSchema } = await import('../../core/config/json-schema.ts')
    return { ...ended(0), out: `${JSON.stringify(configJsonSchema(), null, 2)}\n` }
  },
  completion: async ({ args: [shell = ''] }) => {
    const { completionScript } = await import('../../core/message/command-line/completion.ts')
    return { ...ended(0), out: completionScript(shell) }
  },
}

/** Runs a command and returns the exit code: 0 done, 1 refused or failed (the reason is on stderr), 2 wrong usage. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  let result = ended(0)
  const program = programFor(terminal)
  for (const name of CLI_COMMAND_NAMES) {
    const command = commandFor(program, name)
    command.action(async () => {
      const progress = createProgress(terminal)
      const call = { args: command.args, options: command.opts<CliOptions>(), terminal, progress }
      result = await HANDLERS[name](call).finally(() => progress.stop())
      if (result.code === 2 && result.err !== '') command.error(`perch: ${result.err}`)
    })
  }
  try {
    await program.parseAsync(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : 2
  }
  terminal.out(result.out)
  terminal.err(result.err)
  return result.code
}

/** Loads a command that works on a checkout and then ends. */
async function onCheckout<T>(load: () => Promise<T>): Promise<T> {
  const { interpretSchemas } = await import('./interpret-schemas.ts')
  interpretSchemas()
  return load()
}

function ended(code: number): CliResult {
  return { code, out: '', err: '' }
}

async function playDemo({ options: { exit = false, story = 'rollouts' } }: CliCall): Promise<CliResult> {
  const { DEMO_STORIES, isDemoStory } = await import('../demo/stories.ts')
  if (!isDemoStory(story)) return { ...ended(2), err: `--story is one of ${Object.keys(DEMO_STORIES).join(', ')}` }
  const [{ demo }, { isCi }] = await Promise.all([import('../demo.ts'), import('../process-env.ts')])
  return ended(await demo({ exit: exit || isCi(), story }))
}

/** Prints only the key on stdout, so that it can be piped into a Secret. */
async function printKey({ args: [repository = ''], options: { flagger = false } }: CliCall): Promise<CliResult> {
  if (!/^[\w-]+\/[\w.-]+$/.test(repository))
    return { code: 2, out: '', err: `${repository} is not owner/name, such as acme/gitops` }
  const [{ readReportSecret }, { flaggerKey, reportKey }] = await Promise.all([
    import('../env.ts'),
    import('../edge/report-key.ts'),
  ])
  const env = readReportSecret()
  if (!env.ok) return { code: 1, out: '', err: `perch: ${env.problem}\n` }
  return { ...ended(0), out: `${(flagger ? flaggerKey : reportKey)(env.secret, repository)}\n` }
}
