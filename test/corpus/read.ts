/** The corpus: manifests in the shapes of platform repositories, and the same manifests in other styles. */
import { readFileSync } from 'node:fs'

export interface Sample {
  readonly name: string
  readonly text: string
  /** The code of the refusal with which an edit must end. Undefined if the edit must succeed. */
  readonly refusal: string | undefined
}

const FILES = ['mesh', 'gateway', 'annotations', 'refused']

export function corpus(): readonly Sample[] {
  return FILES.flatMap((file) => samplesIn(readFileSync(new URL(`${file}.txt`, import.meta.url), 'utf8'))).flatMap(
    (sample) => [sample, ...variants(sample)],
  )
}

function samplesIn(text: string): readonly Sample[] {
  return text
    .split(/^======== /m)
    .filter((part) => part !== '')
    .map((part) => {
      const [title = '', ...lines] = part.split('\n')
      const [name = '', refusal] = title.split(' -> ')
      return { name, refusal, text: lines.join('\n') }
    })
}

const OTHER = '# a neighbour\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {weight: "5"}\n'

/** The same manifest in other styles. Styles that would change its meaning are left out. */
function variants({ name, refusal, text }: Sample): readonly Sample[] {
  const isOne = !/^(?:---|\.\.\.|%)/m.test(text) && !/^kind: List/m.test(text)
  // If a text at the end keeps its last line break, removing the break would change it.
  const isLoose = !text.endsWith('\n\n')
  const as = (how: string, changed: string): Sample => ({ name: `${name}, ${how}`, refusal, text: changed })
  return [
    as('with CRLF', text.replaceAll('\n', '\r\n')),
    as('with a byte order mark', `\uFEFF${text}`),
    ...(isLoose ? [as('without a final newline', text.trimEnd())] : []),
    ...(isOne ? [as('behind another document', `${OTHER}--- # next\n${text}`)] : []),
    ...(isOne ? [as('before another document', `# first\n\n${text}---\n${OTHER}`)] : []),
    ...(isOne && refusal === undefined ? [as('as an item of a list', asItem(text))] : []),
  ]
}

function asItem(text: string): string {
  const lines = text.split('\n').map((line) => (line === '' ? line : `  ${line}`))
  return `apiVersion: v1\nkind: List\nitems:\n-\n${lines.join('\n')}`
}
