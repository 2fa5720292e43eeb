import type { RenderResult, Renderer } from '../../ports/renderer.ts'
import { digestOf, keeper } from '../process-sandbox/keep.ts'

/** A step renders what the step before it has rendered; a few hundred environments cover the work in flight. */
const MAX_ENTRIES = 200
const MAX_CHARACTERS = 64 * 1024 * 1024

/** Rendering is a function of the files: the same files are not rendered twice. Only what came out well is kept. */
export function cachedRenderer(renderer: Renderer): Renderer {
  const once = keeper<RenderResult>({
    maxEntries: MAX_ENTRIES,
    maxSize: MAX_CHARACTERS,
    sizeOf: (rendered) => (rendered.ok ? rendered.yaml.length : undefined),
  })
  return {
    tool: (kind) => renderer.tool(kind),
    render: (files, source) => once(digestOf(files, JSON.stringify(source)), () => renderer.render(files, source)),
  }
}
