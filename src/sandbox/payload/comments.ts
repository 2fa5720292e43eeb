/** Comments and reactions. https://docs.github.com/rest/issues/comments */
import { REACTIONS, type Comment, type Reaction } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { accountPayload, associationOf, viaApp } from './accounts.ts'
import { issueApi, nodeId, repoApi, repoHtml, time } from './links.ts'

export function commentPayload(world: World, comment: Comment): Json {
  const { pull, author, id } = comment
  const url = repoApi(world, pull.repo, `/issues/comments/${String(id)}`)
  const counts = REACTIONS.map((content) => [
    content,
    comment.reactions.filter((one) => one.content === content).length,
  ])
  return {
    url,
    html_url: repoHtml(world, pull.repo, `/pull/${String(pull.number)}#issuecomment-${String(id)}`),
    issue_url: issueApi(world, pull),
    id,
    node_id: nodeId('IC', id),
    user: accountPayload(world, author.account),
    created_at: time(comment.createdAt),
    updated_at: time(comment.updatedAt),
    author_association: associationOf(pull.repo, author.account),
    body: comment.body,
    reactions: {
      url: `${url}/reactions`,
      total_count: comment.reactions.length,
      ...Object.fromEntries(counts),
    },
    performed_via_github_app: viaApp(world, author),
  }
}

export function reactionPayload(world: World, reaction: Reaction): Json {
  return {
    id: reaction.id,
    node_id: nodeId('REA', reaction.id),
    user: accountPayload(world, reaction.account),
    content: reaction.content,
    created_at: time(reaction.at),
  }
}
