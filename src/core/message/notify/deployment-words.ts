/** The description of a deployment on GitHub, in one line of at most 140 characters. */
import type { DeploymentState } from '../../deployment/step-deployment.ts'
import { clip } from '../../text/limits.ts'
import { percent } from '../markdown/markdown.ts'

/** GitHub's limit for the whole line is 140 characters, so long names are cut. */
const MAX_NAME = 50

export function deploymentWords({
  service,
  share,
  version,
  state,
}: {
  readonly service: string
  readonly share: number
  readonly version?: string | undefined
  readonly state: DeploymentState
}): string {
  const canary = version === undefined ? 'the canary' : `canary ${clip(version, MAX_NAME)}`
  const what = `${clip(service, MAX_NAME)}: ${percent(share)} to ${canary}`
  switch (state) {
    case 'in_progress':
      return `${what}, merged`
    case 'success':
      return `${what}, live`
    case 'failure':
      return `${what}, rolled back`
    case 'inactive':
      return `${what}, over`
  }
}
