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
