/**
 * Renders with the machine's own kustomize and helm, as a child process without environment variables, credentials or other
 * files. It has no network if the system allows that, and limits on time, memory and output. Its input is hostile until checked.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../../ports/log.ts'
import type { BuildSource, KustomizeBuild, RenderResult, Renderer } from '../../ports/renderer.ts'
import { atMost } from '../process-sandbox/at-most.ts'
import { type Absence, finder, type SearchOptions } from '../process-sandbox/installed.ts'
import { runContained } from '../process-sandbox/run.ts'
import { fill, inWorkshop, isPlain, removeAbandoned } from '../process-sandbox/workshop.ts'
import { buildRelease } from './helm.ts'
import { GO, type BuildLimits, restrictedResultOf, resultOf } from './outcome.ts'
import { findTool, type Tool } from './tool.ts'

export interface RendererOptions extends SearchOptions {
  readonly log: Log
  /** How many builds run at once. More than the number of processors has no benefit. */
  readonly concurrency?: number
  readonly timeoutMs?: number
  readonly maxBytes?: number
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

export function openRenderer(options: RendererOptions): Renderer {
  const limit = atMost(options.concurrency ?? CONCURRENCY)
  const limits = { timeoutMs: options.timeoutMs ?? TIMEOUT_MS, maxBytes: options.maxBytes ?? MAX_BYTES }
  const tools = {
    kustomize: finder(() => prepare('kustomize', options)),
    helm: finder(() => prepare('helm', options)),
  }
  return {
    tool: async (kind = 'kustomize') => {
      const found = await tools[kind]()
      return typeof found === 'string' ? undefined : found.title
    },
    render: async (files, source) => {
      const found = await tools[source.kind]()
      if (typeof found === 'string') return absent(source.kind, found)
      if (source.kind === 'helm') return limit(() => buildRelease(found, { files, source }, limits))
      const helm = source.hasCharts === true ? await tools.helm() : undefined
      if (typeof helm === 'string') return absent('helm', helm)
      return limit(() => buildRoot(found, { files, helm, ...source }, limits))
    },
  }
}

const ABSENT = {
  kustomize: 'neither kustomize nor kubectl is installed: kustomize roots cannot be rendered',
  helm: 'helm is not installed: charts cannot be rendered',
} as const

async function prepare(kind: BuildSource['kind'], options: RendererOptions): Promise<Tool | Absence> {
  await removeAbandoned()
  const tool = await findTool(kind, options)
  if (tool === 'timed-out') options.log.warn({}, `${kind} did not answer in time; it is looked for again`)
  else if (typeof tool === 'string') options.log.warn({}, ABSENT[kind])
  return tool
}

function absent(kind: BuildSource['kind'], absence: Absence): RenderResult {
  const code = kind === 'helm' ? 'helm-missing' : 'tool-missing'
  return { ok: false, code: absence === 'timed-out' ? 'tool-busy' : code, detail: '' }
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
