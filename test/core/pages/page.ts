import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'

/** Compares with a page that somebody has read and approved. `PERCH_WRITE_PAGES=1 npm test -- core/pages` writes it again. */
export function assertPage(file: string, sections: Readonly<Record<string, readonly string[]>>): void {
  const place = new URL(file, import.meta.url)
  const now = Object.entries(sections)
    .map(([title, lines]) => `# ${title}\n\n${lines.join('\n\n')}\n`)
    .join('\n')
  if (process.env['PERCH_WRITE_PAGES'] === '1') writeFileSync(place, now)
  assert.ok(
    now === readFileSync(place, 'utf8'),
    `${file} differs: see \`git diff\` after PERCH_WRITE_PAGES=1 npm test -- core/pages`,
  )
}

/** One line for each input. Invisible characters are written out. */
export function made<T>(inputs: readonly T[], make: (input: T) => unknown): readonly string[] {
  const written = (value: unknown): string =>
    (JSON.stringify(value) ?? 'undefined')
      .replaceAll(/([a-z])\1{19,}/g, (all, one) => `${one}×${all.length}`)
      .replaceAll(/[^\x20-\x7E…▁-█±⚠→✅❌•]/g, (character) => {
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
      })
  return inputs.map((input) => `${written(input)} → ${written(make(input))}`)
}
