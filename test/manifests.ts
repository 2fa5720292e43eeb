/** The subsets of a service: `stable` is v1, and `canary` is the given version. */
export function destinationRule(service: string, canary: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: ${service}
spec:
  host: ${service}
  subsets:
    - name: stable
      labels:
        version: v1
    - name: canary
      labels:
        version: ${canary}
`
}
