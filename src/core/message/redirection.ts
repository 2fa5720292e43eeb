import { code, paragraphs } from './markdown.ts'

/** Marks the one answer to a review that holds commands. */
export function redirectionMarker(review: number): string {
  return `<!-- perch:review:${review} -->`
}

export function redirection(review: number, login: string): string {
  return paragraphs(
    redirectionMarker(review),
    `⛔ ${code(login)}, Perch does not read commands in reviews, so nothing was done. Write the command in a comment of its own on this pull request.`,
  )
}
