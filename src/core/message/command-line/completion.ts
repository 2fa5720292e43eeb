import { CLI_COMMANDS, type CliCommand, HELP_COMMAND, HELP_OPTION, VERSION_OPTION } from './cli-commands.ts'

/** Options of every command. */
const COMMON = [HELP_OPTION, VERSION_OPTION]
const COMMANDS: readonly (readonly [name: string, command: CliCommand])[] = Object.entries(CLI_COMMANDS)

/** The script with which a shell (bash, zsh or fish) completes `perch`, generated from the table of commands. */
export function completionScript(shell: string): string {
  switch (shell) {
    case 'zsh':
      return zsh()
    case 'fish':
      return fish()
    default:
      return bash()
  }
}

interface Flag {
  /** `-h` and `--help`. */
  readonly names: readonly string[]
  readonly does: string
  readonly argument: 'none' | 'text' | 'folder'
}

function flagsOf({ options }: Pick<CliCommand, 'options'>): readonly Flag[] {
  return [...options, ...COMMON].map(({ flags, does, ...more }) => {
    const takesOne = flags.includes('<')
    const argument = 'isFolder' in more ? 'folder' : takesOne ? 'text' : 'none'
    return { names: flags.match(/--?[\w-]+/g) ?? [], does, argument }
  })
}

/** The names of all flags that take an argument of a kind, in every command. */
function flagsWith(argument: Flag['argument']): readonly string[] {
  const flags = COMMANDS.flatMap(([, command]) => flagsOf(command)).filter((flag) => flag.argument === argument)
  return [...new Set(flags.flatMap(({ names }) => names))]
}

function bash(): string {
  const common = flagsOf({ options: [] }).flatMap(({ names }) => names)
  const cases = COMMANDS.map(([name, command]) => {
    const words = [...(command.choices ?? []), ...flagsOf(command).flatMap(({ names }) => names)]
    return `      ${name}) words='${words.join(' ')}' ;;`
  })
  return `# bash completion of perch
_perch() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} words
  COMPREPLY=()
  case $previous in
    ${flagsWith('folder').join(' | ')})
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$current")
      return ;;
    ${flagsWith('text').join(' | ')}) return ;;
  esac
  if ((COMP_CWORD == 1)); then
    words='${[...COMMANDS.map(([name]) => name), 'help', ...common].join(' ')}'
  else
    case \${COMP_WORDS[1]} in
${cases.join('\n')}
      help) words='${COMMANDS.map(([name]) => name).join(' ')}' ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _perch perch
`
}

const ZSH_ARGUMENTS = { none: '', text: ':name:', folder: ':folder:_files -/' } as const

function zsh(): string {
  const cases = COMMANDS.map(([name, command]) => {
    const flags = flagsOf(command).flatMap(({ names, does, argument }) =>
      names.map((flag) => quoted(`${flag}[${zshText(does)}]${ZSH_ARGUMENTS[argument]}`)),
    )
    const first = command.choices === undefined ? [] : [quoted(`1: :(${command.choices.join(' ')})`)]
    return `    ${name}) _arguments ${[...flags, ...first].join(' ')} ;;`
  })
  const list = COMMANDS.map(([name, { does }]) => `    ${quoted(`${name}:${does.replaceAll(':', '\\:')}`)}`)
  return `#compdef perch
_perch() {
  local -a commands
  commands=(
${list.join('\n')}
    ${quoted(`help:${HELP_COMMAND.does}`)}
  )
  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _perch ]]; then _perch "$@"; else compdef _perch perch; fi
`
}

/** Brackets and colons have a special meaning for `_arguments`. */
function zshText(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, '\\$&')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function fish(): string {
  const lines = COMMANDS.flatMap(([name, command]) => {
    const when = `-n '__fish_seen_subcommand_from ${name}'`
    const flags = flagsOf({ options: command.options }).map(
      (flag) => `complete -c perch ${when} ${fishFlag(flag)} -d ${fishText(flag.does)}`,
    )
    const choices = command.choices === undefined ? [] : [`complete -c perch ${when} -a '${command.choices.join(' ')}'`]
    return [`complete -c perch -n __fish_use_subcommand -a ${name} -d ${fishText(command.does)}`, ...flags, ...choices]
  })
  return `# fish completion of perch\ncomplete -c perch -f\n${lines.join('\n')}\n`
}

function fishFlag({ names, argument }: Flag): string {
  const parts = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  const takes = { none: '', text: ' -x', folder: " -x -a '(__fish_complete_directories)'" }[argument]
  return `${parts.join(' ')}${takes}`
}

function fishText(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
