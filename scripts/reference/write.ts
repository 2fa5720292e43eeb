/** Generates parts of the docs from the code: commands, configuration keys and metrics. */
import { readFileSync, writeFileSync } from 'node:fs'
import { REFERENCE_PAGES, withReference } from './pages.ts'

for (const page of REFERENCE_PAGES) writeFileSync(page, withReference(page, readFileSync(page, 'utf8')))
