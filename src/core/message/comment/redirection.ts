import { redirectionMarker } from '../../marker/comment.ts'
import { code, paragraphs } from '../markdown/markdown.ts'

export function redirection(review: number, login: string): string {
  return paragraphs(
    redirectionMarker(review),
    `⛔ ${code(login)}, Perch does not read commands in reviews, so nothing was done. Write the command in a comment of its own on this pull request.`,
  )
}
