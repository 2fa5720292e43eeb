/** The words for the waves of services. */
import type { StandingLine } from '../../rollout/related.ts'
import { type Standing, sureShare } from '../../rollout/standing.ts'
import { code, percent } from '../markdown/markdown.ts'

/** One line for each service that moves in waves. Empty if there is none. */
export function wavesLines(lines: readonly StandingLine[]): string {
  const inWaves = lines.filter(({ standing }) => standing.target.settings.wave !== undefined)
  const services = Map.groupBy(inWaves, ({ standing }) => standing.target.service)
  return [...services]
    .map(([service, own]) => `- Waves of ${code(service)}${sourceWords(own)}: ${orderWords(own)}. ${nextWords(own)}`)
    .join('\n')
}

/** Where the order comes from, unless the config names it. */
function sourceWords([line]: readonly StandingLine[]): string {
  const by = line?.standing.target.settings.wave?.by
  return by === undefined ? '' : ` (the steps of ${code(by)})`
}

function orderWords(lines: readonly StandingLine[]): string {
  const all = lines[0]?.standing.target.settings.wave?.all ?? []
  const shareIn = (name: string): string => {
    const line = lines.find(({ standing }) => standing.target.environments.includes(name))
    return `${code(name)} ${line === undefined ? 'not found' : shareWords(line.standing)}`
  }
  return all.map((environments) => environments.map(shareIn).join(', ')).join(' → ')
}

function shareWords(standing: Standing): string {
  if (standing.phase === 'owned') return 'moved by a controller'
  return standing.share === 'unknown' ? 'at a share that Perch cannot read' : percent(sureShare(standing))
}

/** Which environments are next. */
function nextWords(lines: readonly StandingLine[]): string {
  const going = lines
    .filter(({ turn }) => turn?.kind === 'goes')
    .flatMap(({ standing }) => standing.target.environments)
  if (going.length > 0) return `Next: ${going.map(code).join(', ')}.`
  const waitsFor = [...new Set(lines.flatMap(({ turn }) => (turn?.kind === 'waits' ? turn.waitsFor : [])))]
  if (waitsFor.length === 0) return 'No environment has canary traffic.'
  return `All wait for ${waitsFor.map(code).join(', ')}, where Perch opens no step by itself. \`/canary <percent> --env <name>\` moves an environment, and \`/canary abort\` rolls all of them back.`
}
