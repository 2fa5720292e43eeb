/**
 * Renders with the machine's own kustomize and helm, as a child process without environment variables, credentials or other
 * files. It has no network if the system allows that, and limits on time, memory and output. Its input is hostile until checked.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../ports/log.ts'
import type { KustomizeBuild, RenderResult, Renderer } from '../../ports/renderer.ts'
import { atMost } from '../process-sandbox/at-most.ts'
import { USUAL_PATH } from '../process-sandbox/program-path.ts'
import { runContained } from '../process-sandbox/run.ts'
import { fill, inWorkshop, isPlain, removeAbandoned } from '../process-sandbox/workshop.ts'
import { buildRelease, findHelm } from './helm.ts'
import { GO, type BuildLimits, restrictedResultOf, resultOf } from './outcome.ts'
import { findTool, type Tool } from './tool.ts'

export interface RendererOptions {
  readonly log: Log
  /** Where to look for kustomize and kubectl: like the environment variable `PATH`. */
  readonly path?: string
  /** How many builds run at once. More than the number of processors has no benefit. */
  readonly concurrency?: number
  readonly timeoutMs?: number
  readonly maxBytes?: number
  /** How long the tool may take to print its version. */
  readonly probeMs?: number
}

const CONCURRENCY = 2
const TIMEOUT_MS = 20_000
const MAX_BYTES = 20 * 1024 * 1024

/** Used only if the sandbox hides the files of this machine. Otherwise kustomize could read any file. */
const READS_ABOVE = '--load-restrictor=LoadRestrictionsNone'

interface Request extends KustomizeBuild {
  readonly files: ReadonlyMap<string, string>
  /** Renders its charts. */
  readonly helm: Tool | undefined
}

/** Finds a tool when it is first needed. */
type ToolFinder = () => Promise<Tool | 'missing' | 'timed-out'>

export function openRenderer(options: RendererOptions): Renderer {
  const limit = atMost(options.concurrency ?? CONCURRENCY)
  const limits = { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, maxBytes: options.maxBytes ?? MAX_BYTES }
  const tools = { kustomize: finder(options, findTool), helm: finder(options, findHelm) }
  return {
    tool: async (kind = 'kustomize') => {
      const found = await tools[kind]()
      return typeof found === 'string' ? undefined : found.name
    },
    render: async (files, source) => {
      const found = await tools[source.kind]()
      if (found === 'timed-out') return { ok: false, code: 'tool-busy', detail: '' }
      if (found === 'missing')
        return { ok: false, code: source.kind === 'helm' ? 'helm-missing' : 'tool-missing', detail: '' }
      if (source.kind === 'helm') return limit(() => buildRelease(found, { files, source }, limits))
      const helm = source.hasCharts === true ? await tools.helm() : undefined
      if (helm === 'timed-out') return { ok: false, code: 'tool-busy', detail: '' }
      if (helm === 'missing') return { ok: false, code: 'helm-missing', detail: '' }
      return limit(() => buildRoot(found, { files, helm, ...source }, limits))
    },
  }
}

function finder(options: RendererOptions, find: typeof findTool): ToolFinder {
  let known: ReturnType<ToolFinder> | undefined
  return async () => {
    known ??= prepare(options, find)
    const found = await known
    // A failure is not cached: someone may install the tool, and a machine is not busy forever.
    if (typeof found === 'string') known = undefined
    return found
  }
}

async function prepare({ log, path, probeMs }: RendererOptions, find: typeof findTool): ReturnType<ToolFinder> {
  await removeAbandoned()
  const tool = await find(path ?? USUAL_PATH, probeMs)
  const [name, effect] =
    find === findHelm
      ? ['helm', 'helm is not installed: charts cannot be rendered']
      : ['kustomize', 'neither kustomize nor kubectl is installed: kustomize roots cannot be rendered']
  if (tool === 'timed-out') log.warn({}, `${name} did not answer in time; it is looked for again`)
  else if (tool === 'missing') log.warn({}, effect)
  else {
    const { isOffline, isConfined } = tool.walls
    log.info({ tool: tool.name, isOffline, isConfined }, `found ${name}`)
  }
  return tool
}

function buildRoot(tool: Tool, request: Request, limits: BuildLimits): Promise<RenderResult> {
  const { files, root, helm, readsAbove = false } = request
  return inWorkshop(files, async (workshop) => {
    const odd = root === '' || isPlain(root) ? await fill(workshop, files) : root
    if (odd !== undefined) return { ok: false, code: 'build-failed', detail: `no file can be at ${odd.slice(0, 200)}` }
    const { top, home } = workshop
    // kustomize writes the values of charts here for helm to read.
    const writable = helm === undefined ? undefined : join(top, 'temporary')
    if (writable !== undefined) await mkdir(writable)
    const prefix = tool.walls.prefix({ top, ...(writable === undefined ? {} : { writable }) })
    const [program = tool.command[0], ...args] = [...prefix, ...tool.command, ...optionsOf(tool, request)]
    const finished = await runContained({
      title: 'kustomize build',
      // The full path, so that no folder's name can become an option or an address.
      command: [program, ...args, join(workshop.files, root)],
      folder: workshop.files,
      env: { PATH: home, HOME: home, ...(writable === undefined ? {} : { TMPDIR: writable }), LC_ALL: 'C', ...GO },
      ...limits,
    })
    const seen = { folder: workshop.files, files }
    return readsAbove && !tool.walls.isConfined ? restrictedResultOf(finished, seen) : resultOf(finished, seen)
  })
}

function optionsOf({ walls }: Tool, { helm, readsAbove = false }: Request): readonly string[] {
  return [
    ...(readsAbove && walls.isConfined ? [READS_ABOVE] : []),
    ...(helm === undefined ? [] : ['--enable-helm', `--helm-command=${helm.command[0]}`]),
  ]
}
