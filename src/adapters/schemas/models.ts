/**
 * The kinds that rollouts consist of, by `apiVersion/kind`. kubeconform checks other kinds. Each schema is loaded when an object
 * of its kind first appears.
 */

/** A model of @kubernetes-models: a class whose `validate` checks whatever object it is called on. */
export interface Model {
  readonly prototype: { validate(): void }
}

/** The versions of the schemas in the installed packages. `test/adapters/schemas/schemas.test.ts` compares them. */
export const ISTIO = 'Istio 1.29'
export const GATEWAY_API = 'Gateway API 1.5'

type Load = () => Promise<Model>

export const MODELS: ReadonlyMap<string, Load> = new Map(
  Object.entries<Load>({
    'networking.istio.io/v1alpha3/VirtualService': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1alpha3/VirtualService')).VirtualService,
    'networking.istio.io/v1beta1/VirtualService': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1beta1/VirtualService')).VirtualService,
    'networking.istio.io/v1/VirtualService': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1/VirtualService')).VirtualService,
    'networking.istio.io/v1alpha3/DestinationRule': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1alpha3/DestinationRule')).DestinationRule,
    'networking.istio.io/v1beta1/DestinationRule': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1beta1/DestinationRule')).DestinationRule,
    'networking.istio.io/v1/DestinationRule': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1/DestinationRule')).DestinationRule,
    'gateway.networking.k8s.io/v1beta1/HTTPRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1/HTTPRoute')).HTTPRoute,
    'gateway.networking.k8s.io/v1/HTTPRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute')).HTTPRoute,
    'gateway.networking.k8s.io/v1alpha2/GRPCRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1alpha2/GRPCRoute')).GRPCRoute,
    'gateway.networking.k8s.io/v1/GRPCRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/GRPCRoute')).GRPCRoute,
    'gateway.networking.k8s.io/v1alpha2/TLSRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1alpha2/TLSRoute')).TLSRoute,
    'gateway.networking.k8s.io/v1alpha3/TLSRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1alpha3/TLSRoute')).TLSRoute,
    'gateway.networking.k8s.io/v1/TLSRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/TLSRoute')).TLSRoute,
    'gateway.networking.k8s.io/v1alpha2/TCPRoute': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1alpha2/TCPRoute')).TCPRoute,
  }),
)
