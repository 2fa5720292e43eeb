import type { Meter } from '../../ports/meter.ts'
import type { Renderer } from '../../ports/renderer.ts'

/** Wraps a renderer, and counts its builds by their result. */
export function watchRenderer(renderer: Renderer, meter: Meter): Renderer {
  return {
    tool: (kind) => renderer.tool(kind),
    async render(files, source) {
      const started = performance.now()
      const rendered = await renderer.render(files, source)
      meter.record('perch_renders_total', { tool: source.kind, result: rendered.ok ? 'ok' : rendered.code })
      meter.record('perch_render_duration_seconds', { tool: source.kind }, (performance.now() - started) / 1_000)
      return rendered
    },
  }
}
