import { GATEWAY_GROUP, gatewayRules } from './backend-refs.ts'
import { type Kind, says } from './kind.ts'

/** gateway-api HTTPRouteMatch: these two fields distinguish callers; path and method distinguish parts of the service. */
export const httpRoute: Kind = {
  kind: 'HTTPRoute',
  group: GATEWAY_GROUP,
  rules: (source) => gatewayRules(source, (match) => says(match, ['headers', 'queryParams'])),
}
