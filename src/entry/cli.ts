#!/usr/bin/env node
import { configJsonSchema } from '../core/config/json-schema.ts'
import { type Printed, set, status } from './checkout.ts'
import { diff, validate } from './checkout-review.ts'
import { isCi } from './env.ts'

const USAGE = `Perch moves a service from its stable version to its canary version by pull requests.

perch serve           run the GitHub App (see README.md for its environment variables)
perch demo [--exit]   play two rollouts against a GitHub in a box, offline; --exit (the default in CI) ends it when they are over
perch set <percent>   set the canary's share in the files of a checkout: [service] [--env <name>] [--dir <folder>] [--json]
perch status          show where the rollouts of a checkout stand: [--env <name>] [--dir <folder>] [--json]
perch diff            show what changes in the rendered environments of a checkout, between HEAD and its files:
                      [<commit> [<commit>] | <commit>...<commit>] [--env <name>] [--dir <folder>] [--json]
perch validate        look for problems in the environments of a checkout: the same arguments
perch schema          print the JSON Schema of .github/canary.yml
perch help            show this
`

/** What a checkout's commands do not need (Probot, the database) is loaded only where it is. Exit codes: 0 done, 1 refused or failed (the reason is on stderr), 2 used in a way that is not known. */
async function main(words: readonly string[]): Promise<number> {
  const [command, ...rest] = words
  switch (command ?? '') {
    case 'serve':
      return rest.length === 0
        ? (await import('./serve.ts')).serve()
        : misused(`serve takes no arguments, but got ${rest.join(' ')}`)
    case 'demo':
      return rest.every((word) => word === '--exit')
        ? (await import('./demo.ts')).demo({ exit: rest.includes('--exit') || isCi() })
        : misused(`demo knows only --exit`)
    case 'set':
      return print(await set(rest))
    case 'status':
      return print(await status(rest))
    case 'diff':
      return print(await diff(rest, { isColourful: process.stdout.isTTY && process.stdout.hasColors() }))
    case 'validate':
      return print(await validate(rest))
    case 'schema':
      process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
      return 0
    case 'help':
    case '--help':
      process.stdout.write(USAGE)
      return 0
    default:
      return misused(command === undefined ? 'a command is missing' : `there is no command ${command}`)
  }
}

function print({ code, out, err }: Printed): number {
  process.stdout.write(out)
  process.stderr.write(err)
  return code
}

function misused(why: string): number {
  process.stderr.write(`perch: ${why}\n\n${USAGE}`)
  return 2
}

process.exitCode = await main(process.argv.slice(2))
