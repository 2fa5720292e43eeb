/** Writes the parts of the docs that the code knows best: commands, configuration keys and metrics. */
import { readFileSync, writeFileSync } from 'node:fs'
import { REFERENCE_PAGES, withReference } from './pages.ts'

for (const page of REFERENCE_PAGES) writeFileSync(page, withReference(page, readFileSync(page, 'utf8')))
