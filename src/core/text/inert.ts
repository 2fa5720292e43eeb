/** Text of others (names, reasons, errors, contents of files) made into text that nothing acts on. */
import { clip, MAX_TITLE } from './limits.ts'

/** Zero width space: breaks `@name` and `#12` so that GitHub neither notifies nor links. */
export const BREAK = '\u200B'

/**
 * Characters that are invisible or make text look different from what it is: controls, bidirectional controls, zero-width characters, lone
 * surrogates. Characters that emoji need are not included.
 */
const UNSEEN =
  /(?![\n\t]|(?<=\p{Extended_Pictographic}\uFE0F?)\u200D(?=\p{Extended_Pictographic})|(?<=\p{Extended_Pictographic})\uFE0F)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** By our markers we find our own comments: nobody else's text may look like one. */
const MARKER = /<!--(?= *perch:)/gi

/** What GitHub acts on, in titles and in commit messages too: mentions, references, bare links and emoji. Times stay as they are. */
const LIVE = /[@#]|:(?=\/\/|(?!\d\d:)[\w+-]+:)|\bwww(?=\.)|\bGH(?=-\d)/gi

/** The id of a commit. No part that is left may have enough digits to be an id itself. */
const COMMIT = /(?<!\w)[\da-f]{7,40}(?!\w)/gi
const SIX = /.{6}(?=.)/g

/** Commands for the logs of CI systems: `::error::`, `##[error]`, `##vso[…]`, `##teamcity[…]`, and GitLab's `section_start:`. */
const CI_COMMAND = /(?<=^[^\S\n]*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))|:(?<=section_(?:start|end):)/gm

/** Text of others in one line or several, in which what is not seen is written out: a change of nothing else is seen to be one. */
export function seen(text: string): string {
  return text.replaceAll(UNSEEN, escaped).replaceAll(MARKER, `<!${BREAK}--`)
}

/** The same in one line, as long as names and words are. */
export function oneLine(text: string): string {
  return clip(seen(text.replaceAll(/\s+/g, ' '))).trim()
}

/** Text that Perch has written before (a title, a check) already contains these breaks. */
const BROKEN = new RegExp(`(?<=[@#:]|<!|www|GH|[\\da-f]{6})${BREAK}`, 'gi')

function unbroken(text: string): string {
  return oneLine(text.replaceAll(BROKEN, ''))
}

/** One line in which GitHub finds nobody to call and nothing to link. */
export function calm(text: string): string {
  const broken = `$&${BREAK}`
  return (
    unbroken(text)
      .replaceAll(COMMIT, (id) => id.replaceAll(SIX, broken))
      .replaceAll(LIVE, broken)
      // A colon of ours may follow, and make it an emoji.
      .replace(/:(?=[\w+-]+$)/, broken)
  )
}

/** Text of others in titles and commit messages, which are no Markdown, and in which GitHub still finds mentions and `fixes #12`. */
export function titleText(text: string, most = MAX_TITLE): string {
  return clip(unbroken(text).replaceAll(LIVE, `$&${BREAK}`), most)
}

/** Text that is safe for a terminal and for the log of a CI job, whatever it contains. In JSON it stays the same value. */
export function terminalText(text: string): string {
  return text.replaceAll(UNSEEN, escaped).replaceAll(CI_COMMAND, escaped)
}

function escaped(characters: string): string {
  return Array.from({ length: characters.length }, (_, index) => {
    return `\\u${characters.charCodeAt(index).toString(16).padStart(4, '0')}`
  }).join('')
}
