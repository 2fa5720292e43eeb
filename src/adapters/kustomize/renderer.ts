/**
 * Renders with the machine's own kustomize, as a child process that has nothing: no environment, no credentials, no other
 * files, where the system allows it no network, and bounds on time, memory and output. Its input is hostile until checked.
 */
import { join } from 'node:path'
import type { Log } from '../../ports/log.ts'
import type { KustomizeBuild, RenderResult, Renderer } from '../../ports/renderer.ts'
import { atMost } from '../process-sandbox/at-most.ts'
import { USUAL_PATH } from '../process-sandbox/program-path.ts'
import { runContained } from '../process-sandbox/run.ts'
import type { ProcessEnd } from '../process-sandbox/run-here.ts'
import { fill, inWorkshop, isPlain, removeAbandoned } from '../process-sandbox/workshop.ts'
import { detailOf, type ToolOutput } from './detail.ts'
import { findTool, type Tool } from './tool.ts'

export interface RendererOptions {
  readonly log: Log
  /** Where to look for kustomize and kubectl, as in the environment variable PATH. */
  readonly path?: string
  /** Builds at once. More than there are processors gain nothing. */
  readonly concurrency?: number
  readonly timeoutMs?: number
  readonly maxBytes?: number
  /** How long the tool may take to say its version. */
  readonly probeMs?: number
}

const CONCURRENCY = 2
const TIMEOUT_MS = 20_000
const MAX_BYTES = 20 * 1024 * 1024

/** A build lives for a moment: with the garbage collected four times as rarely it takes a fifth less time, and 30 MB more. */
const GO = { GOGC: '400', GOMEMLIMIT: '1GiB' }

/** What a program in Go says when it gets no more, above a page about itself. */
const OUT_OF_MEMORY = /^(?:runtime|fatal error): (?:out of memory|cannot allocate|runtime: cannot allocate)/m

/** Only where the walls hide the files of this machine: kustomize itself would read any. */
const READS_ABOVE = '--load-restrictor=LoadRestrictionsNone'

interface Request extends KustomizeBuild {
  readonly files: ReadonlyMap<string, string>
}

export function openRenderer(options: RendererOptions): Renderer {
  const limit = atMost(options.concurrency ?? CONCURRENCY)
  let known: ReturnType<typeof prepare> | undefined
  const tool = async (): ReturnType<typeof prepare> => {
    known ??= prepare(options)
    const found = await known
    // Looked for again next time: somebody may install it, and a machine that was busy is not for ever.
    if (typeof found === 'string') known = undefined
    return found
  }
  return {
    tool: async () => {
      const found = await tool()
      return typeof found === 'string' ? undefined : found.name
    },
    render: async (files, source) => {
      const found = await tool()
      if (typeof found === 'string')
        return { ok: false, code: found === 'missing' ? 'tool-missing' : 'tool-busy', detail: '' }
      return limit(() => build(found, { files, ...source }, options))
    },
  }
}

async function prepare({ log, path, probeMs }: RendererOptions): ReturnType<typeof findTool> {
  await removeAbandoned()
  const tool = await findTool(path ?? USUAL_PATH, probeMs)
  if (tool === 'timed-out') log.warn({}, 'kustomize did not answer in time; it is looked for again')
  else if (tool === 'missing')
    log.warn({}, 'neither kustomize nor kubectl is installed: kustomize roots cannot be rendered')
  else {
    const { isOffline, isConfined } = tool.walls
    log.info({ tool: tool.name, isOffline, isConfined }, 'found kustomize')
  }
  return tool
}

function build(
  tool: Tool,
  { files, root, readsAbove = false }: Request,
  options: RendererOptions,
): Promise<RenderResult> {
  return inWorkshop(async (workshop) => {
    const odd = root === '' || isPlain(root) ? await fill(workshop, files) : root
    if (odd !== undefined) return { ok: false, code: 'build-failed', detail: `no file can be at ${odd.slice(0, 200)}` }
    const command = [...tool.walls.prefix(workshop), ...tool.command]
    if (readsAbove && tool.walls.isConfined) command.push(READS_ABOVE)
    const [program = tool.command[0], ...args] = command
    const finished = await runContained({
      // The whole path, so that no folder's name can be an option or an address.
      command: [program, ...args, join(workshop.files, root)],
      folder: workshop.files,
      env: { PATH: workshop.home, HOME: workshop.home, LC_ALL: 'C', ...GO },
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
      maxBytes: options.maxBytes ?? MAX_BYTES,
    })
    return resultOf(finished, { folder: workshop.files, files })
  })
}

function resultOf(finished: ProcessEnd, { folder, files }: Pick<ToolOutput, 'folder' | 'files'>): RenderResult {
  if (finished.end === 'not-started') return { ok: false, code: 'tool-missing', detail: '' }
  if (finished.end !== 'exited') return { ok: false, code: finished.end, detail: '' }
  if (finished.code === 0) return { ok: true, yaml: finished.stdout.toString() }
  if (OUT_OF_MEMORY.test(finished.stderr)) return { ok: false, code: 'out-of-memory', detail: '' }
  return { ok: false, code: 'build-failed', detail: detailOf({ stderr: finished.stderr, folder, files }) }
}
