/** The output of `perch --help` and of each command's help. */
import { test } from 'node:test'
import { CLI_COMMAND_NAMES } from '../../../src/core/message/command-line/cli-commands.ts'
import { perch } from '../../entry/perch.ts'
import { assertPage } from './page.ts'

test('the page holds every help', async () => {
  const sections: Record<string, readonly string[]> = {}
  for (const words of [[], ...CLI_COMMAND_NAMES.map((name) => [name])]) {
    const { out } = await perch(...words, '--help')
    sections[['perch', ...words, '--help'].join(' ')] = [`\`\`\`text\n${out}\`\`\``]
  }
  for (const words of [[], ['vaildate'], ['set'], ['set', '250'], ['set', 'a', '--evn', 'x'], ['status', 'x']]) {
    const { err } = await perch(...words)
    sections[['perch', ...words].join(' ')] = [`\`\`\`text\n${err}\`\`\``]
  }
  assertPage('command-line.md', sections)
})
