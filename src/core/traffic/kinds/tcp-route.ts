import { GATEWAY_GROUP, gatewayRules } from './backend-refs.ts'
import type { Kind } from './kind.ts'

/** gateway-api TCPRoute: its rules match nothing; weights count per connection, and long-lived ones stay where they are. */
export const tcpRoute: Kind = {
  kind: 'TCPRoute',
  group: GATEWAY_GROUP,
  rules: (source) => gatewayRules(source, () => false),
}
