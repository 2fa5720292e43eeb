/** Makes other people's text (names, reasons, errors, contents of files) harmless: nothing acts on it. */
import { clip, MAX_TITLE } from './limits.ts'

/** Zero width space. In `@name` and `#12` it keeps GitHub from notifying and linking. */
export const BREAK = '\u200B'

/**
 * Characters that are invisible or make text look different: controls, bidirectional controls, zero-width characters, lone
 * surrogates. Does not include characters that emoji need.
 */
const UNSEEN =
  /(?![\n\t]|(?<=\p{Extended_Pictographic}\uFE0F?)\u200D(?=\p{Extended_Pictographic})|(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Perch finds its own comments by markers, so other people's text must not look like one. */
const MARKER = /<!--(?= *perch:)/gi

/**
 * Text on which GitHub acts, also in titles and commit messages: mentions, references, bare links and emoji. Times stay as they
 * are.
 */
const LIVE = /[@#]|:(?=\/\/|(?!\d\d:)[\w+-]+:)|\bwww(?=\.)|\bGH(?=-\d)/gi

/** The id of a commit. No remaining part may have enough digits to be an id itself. */
const COMMIT = /(?<!\w)[\da-f]{7,40}(?!\w)/gi
const SIX = /.{6}(?=.)/g

/** Commands for the logs of CI systems: `::error::`, `##[error]`, `##vso[…]`, `##teamcity[…]`, and GitLab's `section_start:`. */
const CI_COMMAND = /(?<=^[^\S\n]*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))|:(?<=section_(?:start|end):)/gm

/**
 * Other people's text on one or several lines, with invisible characters written out. So a change of only such characters is
 * visible too.
 */
export function seen(text: string): string {
  return text.replaceAll(UNSEEN, escaped).replaceAll(MARKER, `<!${BREAK}--`)
}

/** The same on one line, cut to the length of names and words. */
export function oneLine(text: string): string {
  return clip(seen(text.replaceAll(/\s+/g, ' '))).trim()
}

/** Text that Perch wrote earlier (a title, a check) already contains these breaks. */
const BROKEN = new RegExp(`(?<=[@#:]|<!|www|GH|[\\da-f]{6})${BREAK}`, 'gi')

function unbroken(text: string): string {
  return oneLine(text.replaceAll(BROKEN, ''))
}

/** One line in which GitHub finds no mentions and no links. */
export function calm(text: string): string {
  const broken = `$&${BREAK}`
  return (
    unbroken(text)
      .replaceAll(COMMIT, (id) => id.replaceAll(SIX, broken))
      .replaceAll(LIVE, broken)
      // A colon of Perch's own text may follow, which would complete an emoji.
      .replace(/:(?=[\w+-]+$)/, broken)
  )
}

/**
 * Other people's text for titles and commit messages. These are not Markdown, but GitHub still finds mentions and `fixes #12` in
 * them.
 */
export function titleText(text: string, most = MAX_TITLE): string {
  return clip(unbroken(text).replaceAll(LIVE, `$&${BREAK}`), most)
}

/** Text that is safe in a terminal and in the log of a CI job, whatever it contains. In JSON, its value stays the same. */
export function terminalText(text: string): string {
  return text.replaceAll(UNSEEN, escaped).replaceAll(CI_COMMAND, escaped)
}

function escaped(characters: string): string {
  return Array.from({ length: characters.length }, (_, index) => {
    return `\\u${characters.charCodeAt(index).toString(16).padStart(4, '0')}`
  }).join('')
}
