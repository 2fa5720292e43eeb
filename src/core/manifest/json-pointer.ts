/** JSON pointers (RFC 6901): `/metadata/annotations/a~1b`. */
import type { Path } from './data.ts'

/** The keys in a pointer, as texts. */
export function pointerSteps(pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map(unescaped)
}

/** The path of a pointer. Digits are indexes of lists. */
export function pointerPath(pointer: string): Path {
  return pointerSteps(pointer).map((step) => (/^\d+$/.test(step) ? Number(step) : step))
}

/** A path as a pointer. */
export function pointerOf(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
