import { openRenderer } from '../src/adapters/kustomize/renderer.ts'
import { openSchemas } from '../src/adapters/schemas/schemas.ts'
import { keptRenders } from './kept-renders.ts'
import { memoryValidators } from './memory/validators.ts'
import { QUIET } from './quiet-log.ts'

/** The real kustomize and helm. */
export const renderer = keptRenders(openRenderer({ log: QUIET, path: process.env['PATH'] ?? '' }))

/** What a review of a checkout needs. */
export const tools = { renderer, schemas: openSchemas(), validators: memoryValidators() }

const [kustomize, helm] = await Promise.all([renderer.tool(), renderer.tool('helm')])

/** For tests that render. In CI a skip is a failure. */
export const needsKustomize = kustomize === undefined ? { skip: 'neither kustomize nor kubectl is installed' } : {}

/** For tests that render a chart. In CI a skip is a failure. */
export const needsHelm = helm === undefined ? { skip: 'helm is not installed' } : {}
