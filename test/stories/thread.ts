import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parentPort } from 'node:worker_threads'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { openWork } from '../../src/entry/open-work.ts'
import { serveWork } from '../../src/entry/thread/serve-work.ts'
import { programFile } from '../program.ts'
import { boxMirror } from './box-mirror.ts'
import { keptRenders } from '../kept-renders.ts'

/**
 * The code of the worker thread, for stories that are not about git or rendering.
 *
 * @public It is named in the text that the thread runs.
 */
export async function serveBox(folder: string): Promise<void> {
  if (parentPort === null) throw new Error('This runs on a thread of its own.')
  await serveWork(parentPort, (options) =>
    openWork(options, {
      mirror: ({ url }) => boxMirror(join(folder, new URL(url).pathname)),
      renderer: keptRenders(openRenderer({ log: options.log })),
    }),
  )
}

/** The URL with which that thread is started. */
export function threadFor(folder: string): URL {
  const made = programFile('thread')
  const source = made === undefined ? import.meta.url : pathToFileURL(made).href
  const code = `import { serveBox } from ${JSON.stringify(source)}\nawait serveBox(${JSON.stringify(folder)})`
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}
