import { GATEWAY_GROUP, gatewayRules } from './backend-refs.ts'
import type { Kind } from './kind.ts'

/**
 * gateway-api TLSRoute: its rules have no matches. Weights apply to new connections, and long-lived connections stay where they
 * are.
 */
export const tlsRoute: Kind = {
  kind: 'TLSRoute',
  group: GATEWAY_GROUP,
  rules: (source) => gatewayRules(source, () => false),
}
