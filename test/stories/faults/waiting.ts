import { destinationRule } from '../../manifests.ts'
import { virtualService } from '../play.ts'

/** A repository in which each of these services is at 25% and waits for Flux. */
export function waitingRollouts(services: readonly string[]): Record<string, string> {
  const files: Record<string, string> = {
    '.github/canary.yml': `environments:\n  production: { path: production, live: { status: "flux/*" } }\nservices:\n${services.map((name) => `  ${name}: { steps: [25, 50, 100], bake: 1m }\n`).join('')}`,
  }
  for (const name of services) {
    files[`production/${name}.yaml`] = virtualService(75, 25).replaceAll('api-service', name)
    files[`production/${name}-rule.yaml`] = destinationRule(name, 'v1')
  }
  return files
}
