/** Environments without kustomize: YAML files with Kubernetes objects, as they are. */
import { readDocuments } from '../manifest/yaml/documents.ts'
import type { Location } from '../manifest/parse.ts'
import { MAX_FILES, type Survey, type Texts } from './closure.ts'
import type { EnvironmentDraft, Environment } from './environment.ts'
import { namesOfFolders, nameRootsAsBefore } from './names.ts'
import type { EnvironmentRefusal } from './refusal.ts'
import { breaksIn, splitPieces } from '../manifest/pieces.ts'
import { isRecord, type JsonValue } from '../manifest/data.ts'
import { readDefinition } from '../manifest/definition.ts'
import { isRoute } from '../traffic/read-route.ts'
import { type Tree, isHidden, isYaml, nameOf, parentOf } from './tree.ts'

/** Longer files are not parsed, only searched. */
const MAX_LEXEMES = 400_000

/** The files that helm reads in a chart's folder. If the whole repository is a chart, it may contain other files too. */
const PART_OF_CHART = '(?:(?:templates|charts|crds|ci)/|(?:Chart|values[^/]*|requirements)\\.ya?ml$)'

/** YAML files below a folder that may contain Kubernetes objects: not files for other tools, and no parts of a Helm chart. */
export function yamlBelow(tree: Tree, folder: string): readonly string[] {
  const prefix = folder === '' ? '' : `${folder}/`
  const charts = [...tree.types.keys()].filter((path) => nameOf(path) === 'Chart.yaml').map(parentOf)
  const inCharts = charts.map(
    (chart) => new RegExp(`^${RegExp.escape(chart === '' ? '' : `${chart}/`)}${PART_OF_CHART}`),
  )
  return [...tree.types]
    .filter(([path, type]) => type === 'file' && path.startsWith(prefix) && isYaml(path))
    .map(([path]) => path)
    .filter((path) => !isHidden(path.slice(prefix.length)) && !inCharts.some((own) => own.test(path)))
    .sort()
}

/**
 * Whether a text contains a Kubernetes object. A broken object still counts, so that breaking a file does not hide it. `isLoose`:
 * nothing deploys the file, so it may be a template that a script fills in.
 */
function holdsObjects(text: string, isLoose: boolean): boolean {
  if (!['apiVersion', 'kind'].every((word) => text.includes(word))) return false
  // A broken file that contains placeholders is a template, whatever its first documents are.
  const isFilledIn = [/{{/, PLACEHOLDER, UNQUOTED].some((pattern) => pattern.test(text))
  let budget = MAX_LEXEMES
  let hasObject = false
  // The tools of the cluster read a lone carriage return as a line break.
  for (const piece of splitPieces(text.replace(/\r(?!\n)/g, '\n'))) {
    const read = documentsIn(piece.text, budget)
    if (isLoose && isTemplate(piece.text, read)) return false
    if ('brokenAt' in read) return looksLikeObjects(text)
    budget -= read.lexemes
    hasObject ||= read.documents.some(isObject)
    if (hasObject && !isFilledIn) return true
  }
  return hasObject
}

type DocumentsRead =
  | { readonly documents: readonly JsonValue[]; readonly lexemes: number }
  | { readonly brokenAt: number }

/** Whether the text contains placeholders that are neither valid YAML nor part of a Kubernetes object. */
function isTemplate(text: string, read: DocumentsRead): boolean {
  return 'brokenAt' in read
    ? isPlaceholder(text, read.brokenAt)
    : text.includes('{{') && read.documents.some(hasBraceKey)
}

function documentsIn(text: string, budget: number): DocumentsRead {
  const definition = readDefinition(text, budget)
  if (definition !== undefined) return { documents: [definition.data], lexemes: definition.lexemes }
  const read = readDocuments(text, { budget })
  return read.ok
    ? { documents: read.documents.map(({ data }) => data), lexemes: read.lexemes }
    : { brokenAt: read.problem.at }
}

/** A line that is only `${NAME}`, `{% … %}`, `<% … %>` or `<#if …>`. */
const PLACEHOLDER = /^[ \t]*(?:- +)*(?:\$\{[^{}\n]*\}|[{<%][%{].*|<\/?#\w.*)[ \t]*\r?$/m

/** A value that begins with `%NAME%`, or with `{name}` and more text: a person or a script fills it in. YAML allows neither. */
const UNQUOTED = /^[ \t]*(?:- +)*(?:[\w./-]+: +)?(?:%[A-Za-z]\w*%|\{[A-Za-z]\w*\}[^\s,}\]])/m

function isPlaceholder(text: string, at: number): boolean {
  const start = text.lastIndexOf('\n', at - 1) + 1
  const end = text.indexOf('\n', at)
  const line = text.slice(start, end === -1 ? text.length : end)
  return PLACEHOLDER.test(line) || UNQUOTED.test(line)
}

/** `{{ .Host }}` without quotes is valid YAML: a mapping with a mapping as a key. Kubernetes objects contain none. */
function hasBraceKey(data: JsonValue): boolean {
  if (Array.isArray(data)) return data.some(hasBraceKey)
  return isRecord(data) && Object.entries(data).some(([key, value]) => key.startsWith('{"') || hasBraceKey(value))
}

/** The same for a text that is broken, or too long to parse. */
export function looksLikeObjects(text: string): boolean {
  return /^apiVersion:/m.test(text) && /^kind:/m.test(text) && !text.includes('{{')
}

function isObject(data: JsonValue): boolean {
  if (!isRecord(data) || typeof data['apiVersion'] !== 'string' || typeof data['kind'] !== 'string') return false
  const { apiVersion, kind } = data
  if (TOOLS.test(apiVersion) || (apiVersion === 'v1' && kind === 'Config')) return false
  return hasName(data) || isRoute({ apiVersion, kind })
}

/**
 * Nobody can apply an object without a name, so such a file is for another program. A route without a name is a mistake that must
 * be reported.
 */
function hasName({ metadata, items }: { readonly [key: string]: unknown }): boolean {
  return Array.isArray(items) || (isRecord(metadata) && (isText(metadata['name']) || isText(metadata['generateName'])))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/**
 * Files for tools that look like Kubernetes objects but are not: of kustomize, kind, k3d, kubeadm, the kubelet, eksctl, kops,
 * skaffold, istioctl, helmfile, Argo CD's ksonnet and CI systems. kubectl's own config is excluded above.
 */
const TOOLS =
  /^(?:builtin$|(?:kustomize\.config\.k8s\.io|kind\.x-k8s\.io|k3d\.io|kubeadm\.k8s\.io|kubelet\.config\.k8s\.io|kubeproxy\.config\.k8s\.io|eksctl\.io|kops\.k8s\.io|skaffold|install\.istio\.io|client\.authentication\.k8s\.io|audit\.k8s\.io|apiserver\.config\.k8s\.io|config\.istio\.io|ctlptl\.dev|devspace\.sh|minikube\.sigs\.k8s\.io|tilt\.dev|kuttl\.dev|cli\.config\.kubernetes\.io|fn\.kpt\.dev|kpt\.dev)\/)/

/** Whether a document without a name configures one of these tools. */
export function configuresTool(text: string): boolean {
  return TOOLS.test(/^["']?apiVersion["']?:[ \t]*["']?([^\s"'#]+)/m.exec(text)?.[1] ?? '')
}

interface PlainDraft {
  readonly name: string
  readonly root: string
  readonly candidates: readonly string[]
  readonly isLoose?: boolean
}

export function plainFolder(
  { texts, bystanders, needs }: Survey,
  { name, root, candidates, isLoose = false }: PlainDraft,
): EnvironmentDraft {
  if (candidates.length > MAX_FILES) {
    const refusal: EnvironmentRefusal = { code: 'too-many-files', file: root, line: 1, entry: '' }
    return { name, kind: 'plain', root, files: [], refusals: [refusal], isLoose }
  }
  for (const file of candidates) if (!texts.has(file)) needs.add(file)
  const files = candidates.filter((file) => bystanders.has(file) || holdsObjects(texts.get(file) ?? '', isLoose))
  return { name, kind: 'plain', root, files, refusals: [], isLoose }
}

interface LooseFiles {
  /** The environments that something deploys. */
  readonly environments: readonly EnvironmentDraft[]
  /** The files of those, and of kustomizations. */
  readonly taken: ReadonlySet<string>
  /** The environments of the base branch, for a pull request. */
  readonly base: readonly Environment[]
}

/**
 * YAML that nothing deploys, as far as the repository shows. Each folder is an environment of its own, because folders may be for
 * different clusters, and may contain objects with the same name. Names of deployed environments take precedence. The top folder,
 * and a folder that is the only one, is called `default`.
 */
export function undeployed(survey: Survey, { environments, taken, base }: LooseFiles): readonly EnvironmentDraft[] {
  const free = yamlBelow(survey.tree, '').filter((path) => !taken.has(path))
  const drafts = [...Map.groupBy(free, parentOf)].map(([root, candidates]) =>
    plainFolder(survey, { name: root, root, candidates, isLoose: true }),
  )
  const filled = drafts.filter(({ files, refusals }) => files.length > 0 || refusals.length > 0)
  const known = new Set(environments.map(({ name }) => name))
  const before = namesOfFolders(base.filter(({ isLoose }) => isLoose))
  const below = filled.map(({ root }) => root).filter((root) => root !== '')
  const kept = below.flatMap((root) => before.get(root) ?? [])
  // A single folder needs no name to distinguish it.
  const isAlone = filled.length === 1 && kept.length === 0 && !known.has('default')
  const folders = isAlone ? [] : below
  const top = freeName('default', new Set([...known, ...kept]))
  const reserved = folders.length < filled.length ? new Set([...known, top]) : known
  const names = nameRootsAsBefore(folders, reserved, before)
  return filled.map((environment) => ({
    ...environment,
    // The file is next to a kustomization that does not name it, and the folder's name is already taken.
    name: freeName(names.get(environment.root) ?? top, known),
  }))
}

function freeName(wanted: string, known: ReadonlySet<string>): string {
  let name = wanted
  while (known.has(name)) name = `plain-${name}`
  return name
}

/** The render of a plain environment: its files in order, as one YAML stream. */
export function renderPlain(files: readonly string[], texts: Texts): string {
  return files.map((file) => streamText(texts.get(file) ?? '')).join(SEPARATOR)
}

/** The origin of a line (1-based) of a plain environment's render. */
export function placeInPlain(files: readonly string[], texts: Texts, line: number): Location | undefined {
  let left = line
  for (const file of files) {
    const lines = breaksIn(streamText(texts.get(file) ?? ''))
    // An unclosed value at the end of a file fails on the line that separates it from the next file.
    if (left <= lines + 1) return { file, line: Math.min(left, lines) }
    left -= lines + 1
  }
  return undefined
}

const SEPARATOR = '---\n'

/** A file's text as it is in the stream: it ends with its last line. */
export function streamText(text: string): string {
  const bare = text.replace(/^\uFEFF/, '')
  return bare.endsWith('\n') ? bare : `${bare}\n`
}
