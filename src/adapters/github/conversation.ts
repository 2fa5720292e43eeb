import type { Conversation } from '../../ports/conversation.ts'
import { at, type Client, list, request } from './client.ts'
import { commentOf } from './schema.ts'

export function conversation(client: Client): Conversation {
  return {
    async of(pull) {
      const params = { ...at(client), issue_number: pull }
      const answers = await list(client, 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments', { params })
      return answers.map((answer) => commentOf(answer, client.app).comment)
    },
    async since(time) {
      const params = { ...at(client), since: new Date(time).toISOString(), sort: 'updated', direction: 'desc' }
      const answers = await list(client, 'GET /repos/{owner}/{repo}/issues/comments', { params, limit: 500 })
      return answers.map((answer) => commentOf(answer, client.app))
    },
    async add(pull, body) {
      await request(client, 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
        params: { ...at(client), issue_number: pull, body },
      })
    },
    async edit(comment, body) {
      await request(client, 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}', {
        params: { ...at(client), comment_id: comment, body },
      })
    },
    async acknowledge(comment) {
      // Decoration: a comment that was deleted meanwhile, or a locked conversation, stops nothing.
      await request(client, 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions', {
        params: { ...at(client), comment_id: comment, content: 'eyes' },
        expected: [403, 404, 410, 422],
      })
    },
  }
}
