import type { RenderResult, Renderer } from '../../ports/renderer.ts'
import { digestOf, keeper } from '../process-sandbox/keep.ts'

/** A step renders again what the previous step rendered. A few hundred environments cover the work in progress. */
const MAX_ENTRIES = 200
const MAX_CHARACTERS = 64 * 1024 * 1024

/** Rendering depends only on the files, so the same files are not rendered twice. Only successful renders are cached. */
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
