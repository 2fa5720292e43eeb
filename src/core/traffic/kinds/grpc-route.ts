import { GATEWAY_GROUP, gatewayRules } from './backend-refs.ts'
import { type Kind, says } from './kind.ts'

/** gateway-api GRPCRouteMatch: headers distinguish callers; the method distinguishes parts of the service. */
export const grpcRoute: Kind = {
  kind: 'GRPCRoute',
  group: GATEWAY_GROUP,
  rules: (source) => gatewayRules(source, (match) => says(match, ['headers'])),
}
