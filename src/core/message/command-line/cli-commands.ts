/** The commands of the command line. `perch --help`, the parser and the shell completions use this one table. */

interface CliOption {
  readonly flags: string
  readonly does: string
  /** The argument is the path of a folder. */
  readonly isFolder?: true
}

export interface CliCommand {
  /** As in a usage: `<needed> [optional]`. */
  readonly takes: string
  /** The heading of its group in the list of commands. */
  readonly group: string
  /** One line in the list of commands. */
  readonly does: string
  /** More text for the help of the command itself. */
  readonly details?: string
  readonly options: readonly CliOption[]
  /** The possible values of the first argument, if it is one of a few words. */
  readonly choices?: readonly string[]
}

const ENVIRONMENT = { flags: '--env <name>', does: 'only this environment' }
const FOLDER = {
  flags: '--dir <folder>',
  does: 'any folder of the repository (default: the current one)',
  isFolder: true,
} as const
const JSON_OUTPUT = { flags: '--json', does: 'print JSON for programs' }
const CHECKOUT = [ENVIRONMENT, FOLDER, JSON_OUTPUT]

const ON_CHECKOUT = 'On a checkout (any folder of the repository):'
const SERVICE = 'The GitHub App:'
const OTHERS = 'Other commands:'

const EDITS = `Edits the weights in place, renders the environments before and after, and prints what changed.
It commits nothing.`
const ENVIRONMENT_TO_CHANGE = { flags: '--env <name>', does: 'the environment to change; "all" changes every one' }
const DRY_RUN = { flags: '--dry-run', does: 'print what would change, and write nothing' }

const COMMITS = `You name the two sides as for git diff:
  no commit     HEAD, and the files of the checkout
  a             the commit a, and the files of the checkout
  a b, or a..b  the commits a and b
  a...b         what a merge of b into a would change`

export const CLI_COMMANDS = {
  init: {
    group: ON_CHECKOUT,
    takes: '',
    does: 'write a config to start from, with what Perch finds',
    details: 'Writes .github/canary.yml, but never overwrites it. It commits nothing.',
    options: [FOLDER, DRY_RUN],
  },
  set: {
    group: ON_CHECKOUT,
    takes: '<percent> [service]',
    does: "set the canary's share in the files",
    details: EDITS,
    options: [ENVIRONMENT_TO_CHANGE, FOLDER, DRY_RUN, JSON_OUTPUT],
  },
  switch: {
    group: ON_CHECKOUT,
    takes: '<version> [service]',
    does: 'send all traffic of a blue/green service to a version, in the files',
    details: EDITS,
    options: [ENVIRONMENT_TO_CHANGE, FOLDER, DRY_RUN, JSON_OUTPUT],
  },
  promote: {
    group: ON_CHECKOUT,
    takes: '<from> <to> [service]',
    does: 'carry configuration from one environment to another, in the files',
    details: `Edits the files of the second environment, renders before and after, and prints what changed and what is left out.
It commits nothing.`,
    options: [FOLDER, DRY_RUN, JSON_OUTPUT],
  },
  status: { group: ON_CHECKOUT, takes: '', does: 'show where the rollouts stand', options: CHECKOUT },
  diff: {
    group: ON_CHECKOUT,
    takes: '[from] [to]',
    does: 'show what changes in the rendered environments',
    details: COMMITS,
    options: CHECKOUT,
  },
  validate: {
    group: ON_CHECKOUT,
    takes: '[from] [to]',
    does: 'look for problems in every environment',
    details: COMMITS,
    options: CHECKOUT,
  },
  setup: {
    group: SERVICE,
    takes: '',
    does: 'register the GitHub App from a page on this machine',
    options: [
      { flags: '--url <address>', does: 'where GitHub reaches Perch, such as https://perch.example.com' },
      { flags: '--org <organization>', does: 'make it an App of this organization' },
      { flags: '--name <name>', does: 'the name of the App' },
      { flags: '--file <file>', does: 'where its credentials go (default: .env)' },
      { flags: '--force', does: 'overwrite that file' },
      { flags: '--port <port>', does: 'the port of the page (default: a free one)' },
      { flags: '--minutes <number>', does: 'how long to wait for GitHub (default: 15)' },
    ],
  },
  serve: {
    group: SERVICE,
    takes: '',
    does: 'run the GitHub App',
    details: 'You configure it with environment variables: see docs/deploy/README.md.',
    options: [],
  },
  demo: {
    group: SERVICE,
    takes: '',
    does: 'play two rollouts against a GitHub in a box, offline',
    options: [
      {
        flags: '--story <name>',
        does: 'play another story: "switch" moves all traffic at once, "promote" carries a change from staging to production (default: rollouts)',
      },
      { flags: '--exit', does: 'exit when the story is over (the default in CI)' },
    ],
  },
  'report-key': {
    group: SERVICE,
    takes: '<repository>',
    does: 'print the key with which the clusters of a repository sign their reports',
    details: 'The repository is owner/name. Needs REPORT_SECRET: see docs/live.md and docs/flagger.md.',
    options: [{ flags: '--flagger', does: 'print the key for the webhooks of Flagger instead' }],
  },
  schema: { group: OTHERS, takes: '', does: 'print the JSON Schema of .github/canary.yml', options: [] },
  completion: {
    group: OTHERS,
    takes: '<shell>',
    does: 'print the completion script of a shell',
    details: `  bash   add to ~/.bashrc:  source <(perch completion bash)
  zsh    add to ~/.zshrc, after compinit:  source <(perch completion zsh)
  fish   perch completion fish > ~/.config/fish/completions/perch.fish`,
    options: [],
    choices: ['bash', 'zsh', 'fish'],
  },
} as const satisfies Readonly<Record<string, CliCommand>>

export type CliCommandName = keyof typeof CLI_COMMANDS

export const CLI_COMMAND_NAMES: readonly CliCommandName[] = Object.keys(CLI_COMMANDS).filter(isCommandName)

function isCommandName(name: string): name is CliCommandName {
  return Object.hasOwn(CLI_COMMANDS, name)
}

export const CLI_INTRODUCTION = 'Moves a service from its stable version to its canary version by pull requests.'

export const HELP_COMMAND = { group: OTHERS, does: 'show the help of a command' }

/** The hint after a usage error. */
export function helpHint(command?: CliCommandName): string {
  return command === undefined
    ? '`perch --help` lists the commands.'
    : `\`perch ${command} --help\` shows how to use it.`
}

export const HELP_OPTION = { flags: '-h, --help', does: 'show this help' }
export const VERSION_OPTION = { flags: '-V, --version', does: 'print the version' }

export const EXIT_CODES = `
Exit codes:
  0  success
  1  refused, failed, or problems found; the reason is on stderr
  2  usage error`
