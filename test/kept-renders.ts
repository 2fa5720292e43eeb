import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildSource, RenderResult, Renderer } from '../src/ports/renderer.ts'

/**
 * What kustomize and helm render depends only on their files. More than half of the builds of a run of the suite are of files that
 * another test has already rendered, so the results are kept for all its processes. Without a folder for them, nothing is kept.
 */
export function keptRenders(renderer: Renderer, folder = process.env['PERCH_TEST_RENDERS']): Renderer {
  if (folder === undefined) return renderer
  mkdirSync(folder, { recursive: true })
  return {
    tool: (kind) => renderer.tool(kind),
    async render(files, source) {
      const path = join(folder, nameOf(files, source))
      if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as RenderResult
      const rendered = await renderer.render(files, source)
      if (rendered.ok || rendered.code === 'build-failed') keep(path, rendered)
      return rendered
    },
  }
}

function nameOf(files: ReadonlyMap<string, string>, source: BuildSource): string {
  const sorted = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([source, sorted]))
    .digest('hex')
}

function keep(path: string, rendered: RenderResult): void {
  const draft = `${path}.${String(process.pid)}`
  writeFileSync(draft, JSON.stringify(rendered))
  renameSync(draft, path)
}
