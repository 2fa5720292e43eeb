import { GATEWAY_GROUP, gatewayRules } from './backend-refs.ts'
import { type Kind, says } from './kind.ts'

/** gateway-api GRPCRouteMatch: headers tell callers apart; the method tells parts of the service apart. */
export const grpcRoute: Kind = {
  kind: 'GRPCRoute',
  group: GATEWAY_GROUP,
  rules: (source) => gatewayRules(source, (match) => says(match, ['headers'])),
}
