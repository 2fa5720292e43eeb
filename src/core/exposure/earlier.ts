/** Finds the rules that took a rule's requests before the change. */
import { hostCovers } from '../finding/scene/hosts.ts'
import { areDisjoint, covers, type Match } from './match.ts'
import type { ExposureSide } from './side.ts'
import { compareRanks, type ExposureRule, type Table } from './tables.ts'

/** A rule after the change, with its table and the rules before it. */
export interface RuleContext {
  readonly entry: ExposureRule
  readonly table: Table
  readonly earlier: readonly ExposureRule[]
}

/** A rule that some requests reach; undefined if the rules before it take all of its requests. */
export function reachedAt(table: Table, index: number): RuleContext | undefined {
  const entry = table.entries[index]
  if (entry === undefined) return undefined
  const earlier = table.entries.slice(0, index).filter(({ isVague }) => !isVague)
  return earlier.some(({ match }) => covers(match, entry.match)) ? undefined : { entry, table, earlier }
}

interface RuleWalk {
  readonly entries: readonly ExposureRule[]
  /** The rule that takes all remaining requests; undefined if some requests remain. */
  readonly last: ExposureRule | undefined
}

/** The rules that may have taken a rule's requests before, and whether they took all of them. */
export function takersOf(
  reached: RuleContext,
  { bases, now }: { readonly bases: readonly Table[]; readonly now: ExposureSide },
): { readonly entries: readonly ExposureRule[]; readonly isAll: boolean } {
  const isSame = (one: Table, other: Table): boolean => one.owner === other.owner && one.host === other.host
  const own = walk(reached, bases.find((base) => isSame(base, reached.table))?.entries ?? [])
  const others = bases
    .filter((base) => !isSame(base, reached.table))
    .map((base): RuleWalk => {
      const { last } = own
      if (last === undefined) return walkOf(reached, base)
      const still = now.tablesFor(base.host).find((table) => isSame(table, base))?.entries ?? []
      const isFirst = isCloser(base, reached.table)
      const gone = base.entries.filter(
        (one) => (isFirst || compareRanks(one.rank, last.rank) >= 0) && !isTakenStill(reached, one, { still, isFirst }),
      )
      return { entries: walk(reached, gone).entries, last: undefined }
    })
  const all = [own, ...others]
  const isAll = all.some(({ last }) => last !== undefined) && !wereUnanswered(reached, { bases, now })
  return { entries: all.flatMap(({ entries }) => entries), isAll }
}

/**
 * Whether some requests that reach the rule now got no answer before. Rules that came first had no match for them, and are gone. Rules
 * for a closer host come first. So do the rules of a route that is for some namespaces only, before the Service itself.
 */
function wereUnanswered(
  reached: RuleContext,
  { bases, now }: { readonly bases: readonly Table[]; readonly now: ExposureSide },
): boolean {
  const isBefore = (table: Table): boolean => comesFirst(table, reached.table) && isBeside(reached, table)
  return [...Map.groupBy(bases.filter(isBefore), ({ host }) => host)].some(([host, tables]) => {
    const isStill = now
      .tablesFor(host)
      .some((table) => table.host === host && isBefore(table) && tables.every((base) => hasClientsOf(table, base)))
    return !isStill && tables.every((base) => walk(reached, base.entries.map(forAllClients)).last === undefined)
  })
}

function comesFirst(table: Table, than: Table): boolean {
  return isCloser(table, than) || (than.isPlain && !table.isPlain && table.host === than.host)
}

/** Whether a table is for all namespaces that another one is for. */
function hasClientsOf(table: Table, other: Table): boolean {
  const [wide = [], narrow = []] = [table, other].map(({ entries }) => entries[0]?.match.filter(isOnClient))
  return covers(wide, narrow)
}

function forAllClients(entry: ExposureRule): ExposureRule {
  return { ...entry, match: entry.match.filter((one) => !isOnClient(one)) }
}

function isOnClient({ on }: Match[number]): boolean {
  return on === 'client'
}

/** Whether a table has rules where the rule applies: for a protocol and a gateway of it. */
function isBeside({ entry }: RuleContext, { entries }: Table): boolean {
  return entries.some(({ match }) => {
    const where = match.filter(({ on }) => on === 'protocol' || on === 'gateway')
    return !areDisjoint(where, entry.match)
  })
}

/** Whether a table's host is more specific. Then its rules come first, whatever they match (Gateway API, HTTPRoute hostnames). */
function isCloser(base: Table, than: Table): boolean {
  return base.host !== than.host && hostCovers(than.host, base.host)
}

/** A table for fewer hosts cannot take the requests for the other hosts. */
function walkOf(reached: RuleContext, base: Table): RuleWalk {
  const walked = walk(reached, base.entries)
  return hostCovers(base.host, reached.table.host) ? walked : { ...walked, last: undefined }
}

/** The rules of a table that a rule's requests could meet, up to the one that takes all remaining requests. */
function walk(reached: RuleContext, entries: readonly ExposureRule[]): RuleWalk {
  const met: ExposureRule[] = []
  for (const one of [...entries.filter(({ isVague }) => isVague), ...entries.filter(({ isVague }) => !isVague)]) {
    if (!canTake(reached, one)) continue
    met.push(one)
    if (covers(one.match, reached.entry.match)) return { entries: met, last: one }
  }
  return { entries: met, last: undefined }
}

/** Whether a request that reaches the rule now could have matched another rule before. */
function canTake({ entry, earlier }: RuleContext, { match }: ExposureRule): boolean {
  if (areDisjoint(match, entry.match)) return false
  const both: Match = [...match, ...entry.match]
  return !earlier.some((one) => covers(one.match, both))
}

/**
 * Whether another object still takes the requests that one of its rules took before. The order of objects does not change, so
 * those requests did not reach the rule before, and do not reach it now.
 */
function isTakenStill(
  { entry }: RuleContext,
  one: ExposureRule,
  { still, isFirst }: { readonly still: readonly ExposureRule[]; readonly isFirst: boolean },
): boolean {
  const both: Match = [...one.match, ...entry.match]
  return still.some(
    ({ match, rank, isVague }) =>
      !isVague && covers(match, both) && (isFirst || rank === undefined || compareRanks(rank, entry.rank) >= 0),
  )
}
