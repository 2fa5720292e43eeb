import { stopTrailers } from '../../marker/stop.ts'
import type { Stop, StopScope } from '../../stop/stop.ts'
import { titleText } from '../../text/inert.ts'

/** The whole message of a stop's commit. */
export function stopMessage(scope: StopScope, stop: Omit<Stop, 'kind'>): string {
  const verb = stop.state === undefined ? 'Hold' : 'Abort'
  const title =
    scope.service === undefined ? `Freeze ${scope.environment}` : `${verb} ${scope.environment}/${scope.service}`
  return [titleText(title), 'Nothing raises the canary here while this branch exists.', stopTrailers(stop)].join('\n\n')
}
