/** Where the value of a module's constant is used. The constant itself is evaluated once, while the module is loaded. */
import { readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'
import { directImportersOf } from './importers.ts'
import { stretchAt, stretchesOf } from './probes.ts'

interface Constant {
  readonly file: string
  readonly name: string
}

/**
 * The stretches of functions, by file, that use the constant at a place of a module's own code, directly or through other
 * constants. None if the place is in no constant.
 */
export function usesOf(file: string, place: number): ReadonlyMap<string, ReadonlySet<number>> {
  const uses = new Map<string, Set<number>>()
  const names = constantsAt(file, place)
  const found = new Set(names.map((name) => JSON.stringify({ file, name })))
  // The loop also visits constants that are added while it runs.
  for (const written of found) {
    const constant = JSON.parse(written) as Constant
    for (const user of [constant.file, ...directImportersOf(constant.file)]) {
      if (!user.startsWith('src/')) continue
      const { stretches, through } = usesIn(user, constant.name)
      if (stretches.size > 0) uses.set(user, stretches.union(uses.get(user) ?? new Set()))
      for (const name of through) found.add(JSON.stringify({ file: user, name }))
    }
  }
  return uses
}

/** Where a file names a constant: in which stretches of functions, and in which other constants. */
function usesIn(file: string, name: string): { readonly stretches: Set<number>; readonly through: readonly string[] } {
  const text = readFileSync(file, 'utf8')
  const all = stretchesOf(file, text)
  const places = [...text.matchAll(new RegExp(`(?<![\\w$])${RegExp.escape(name)}(?![\\w$])`, 'g'))]
  const found = places.map(({ index }) => ({ index, stretch: stretchAt(all, index) }))
  return {
    stretches: new Set(found.map(({ stretch }) => stretch).filter((stretch) => stretch > 0)),
    through: found.flatMap(({ index, stretch }) => (stretch === 0 ? constantsAt(file, index) : [])),
  }
}

/** The names that the statement at a place of a module's own code defines. */
function constantsAt(file: string, place: number): readonly string[] {
  const { program } = parseSync(file, readFileSync(file, 'utf8'))
  const statement = program.body.find(({ start, end }) => start <= place && place < end)
  const defined = statement?.type === 'ExportNamedDeclaration' ? statement.declaration : statement
  if (defined?.type !== 'VariableDeclaration') return []
  return defined.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []))
}
