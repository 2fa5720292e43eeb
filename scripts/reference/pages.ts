import { commandsTable, configKeys, findingsTable, metricsTable, variablesTable } from './tables.ts'

/** The pages with a generated part: the part's name, and the function that generates it. */
const PARTS = {
  'README.md': { name: 'commands', make: commandsTable },
  'docs/commands.md': { name: 'commands', make: commandsTable },
  'docs/configuration.md': { name: 'keys', make: configKeys },
  'docs/deploy/README.md': { name: 'variables', make: variablesTable },
  'docs/findings.md': { name: 'findings', make: findingsTable },
  'docs/watching/README.md': { name: 'metrics', make: metricsTable },
} as const

export type ReferencePage = keyof typeof PARTS

export const REFERENCE_PAGES: readonly ReferencePage[] = Object.keys(PARTS).filter(isReferencePage)

function isReferencePage(path: string): path is ReferencePage {
  return Object.hasOwn(PARTS, path)
}

/** The page with its part generated again. Throws if the page has no place for it. */
export function withReference(page: ReferencePage, text: string): string {
  const { name, make } = PARTS[page]
  const begin = `<!-- ${name}: written by \`npm run docs\` -->`
  const from = text.indexOf(begin)
  const to = text.indexOf('<!-- end -->', from)
  if (from < 0 || to < 0) throw new Error(`${page} needs a line ${begin}, and after it a line <!-- end -->`)
  return `${text.slice(0, from)}${begin}\n\n${make()}\n\n${text.slice(to)}`
}
