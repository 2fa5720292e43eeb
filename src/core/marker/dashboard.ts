/**
 * The beginning of the issue that lists all rollouts. Only an issue that this App opened counts, because anybody can write the
 * marker.
 */
export const DASHBOARD_MARKER = '<!-- perch:dashboard -->'

/** The beginning of that issue after the config stopped asking for it. */
export const DASHBOARD_OFF_MARKER = '<!-- perch:dashboard:off -->'

/** The subject of a check box: all rollouts, or one on its base branch. */
export type Look = 'all' | { readonly base: string; readonly name: string }

/** Whether an issue's body is that of a dashboard, active or abandoned. */
export function isDashboard(body: string): boolean {
  return body.startsWith(DASHBOARD_MARKER) || body.startsWith(DASHBOARD_OFF_MARKER)
}

/** Marks a check box, so that a tick can be assigned to it. */
export function lookMarker(look: Look): string {
  return `<!-- perch:look:${look === 'all' ? look : `${encoded(look.base)}:${encoded(look.name)}`} -->`
}

/** In some Markdown parsers, two hyphens would end a comment. */
function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('-', '%2D')
}

const TICKED = /^[ \t]*[-*+] \[[xX]\] <!-- perch:look:(\S{1,2000}) -->/gm

/** The check boxes that somebody ticked. */
export function ticksIn(body: string): readonly Look[] {
  return [...body.matchAll(TICKED)].flatMap(([, mark = '']): readonly Look[] => {
    if (mark === 'all') return ['all']
    const [base, name, ...rest] = mark.split(':').map(decoded)
    return base === undefined || name === undefined || rest.length > 0 ? [] : [{ base, name }]
  })
}

/** Undefined if somebody changed it. */
function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
