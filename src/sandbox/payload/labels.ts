import type { Label, Repository } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { nodeId, repoApi } from './links.ts'

export function labelPayload(world: World, repo: Repository, label: Label): Json {
  return {
    id: label.id,
    node_id: nodeId('LA', label.id),
    url: repoApi(world, repo, `/labels/${encodeURIComponent(label.name)}`),
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  }
}
