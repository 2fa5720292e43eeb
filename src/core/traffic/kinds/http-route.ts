import { GATEWAY_GROUP, gatewayRules } from './backend-refs.ts'
import { type Kind, says } from './kind.ts'

/** gateway-api HTTPRouteMatch: these two tell callers apart; path and method tell parts of the service apart. */
export const httpRoute: Kind = {
  kind: 'HTTPRoute',
  group: GATEWAY_GROUP,
  rules: (source) => gatewayRules(source, (match) => says(match, ['headers', 'queryParams'])),
}
