/** The kinds whose schemas are known, by `apiVersion/kind`. Each is read when an object of it is first met. */

/** As @kubernetes-models has them: a class whose `validate` judges whatever it is called on. */
export interface Model {
  readonly prototype: { validate(): void }
}

/** Of what the installed packages' schemas are (test/adapters/schemas/schemas.test.ts holds them to it). */
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
    'networking.istio.io/v1alpha3/Gateway': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1alpha3/Gateway')).Gateway,
    'networking.istio.io/v1beta1/Gateway': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1beta1/Gateway')).Gateway,
    'networking.istio.io/v1/Gateway': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1/Gateway')).Gateway,
    'networking.istio.io/v1alpha3/ServiceEntry': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1alpha3/ServiceEntry')).ServiceEntry,
    'networking.istio.io/v1beta1/ServiceEntry': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1beta1/ServiceEntry')).ServiceEntry,
    'networking.istio.io/v1/ServiceEntry': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry')).ServiceEntry,
    'networking.istio.io/v1alpha3/Sidecar': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1alpha3/Sidecar')).Sidecar,
    'networking.istio.io/v1beta1/Sidecar': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1beta1/Sidecar')).Sidecar,
    'networking.istio.io/v1/Sidecar': async () =>
      (await import('@kubernetes-models/istio/networking.istio.io/v1/Sidecar')).Sidecar,
    'security.istio.io/v1beta1/AuthorizationPolicy': async () =>
      (await import('@kubernetes-models/istio/security.istio.io/v1beta1/AuthorizationPolicy')).AuthorizationPolicy,
    'security.istio.io/v1/AuthorizationPolicy': async () =>
      (await import('@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy')).AuthorizationPolicy,
    'security.istio.io/v1beta1/PeerAuthentication': async () =>
      (await import('@kubernetes-models/istio/security.istio.io/v1beta1/PeerAuthentication')).PeerAuthentication,
    'security.istio.io/v1/PeerAuthentication': async () =>
      (await import('@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication')).PeerAuthentication,
    'security.istio.io/v1beta1/RequestAuthentication': async () =>
      (await import('@kubernetes-models/istio/security.istio.io/v1beta1/RequestAuthentication')).RequestAuthentication,
    'security.istio.io/v1/RequestAuthentication': async () =>
      (await import('@kubernetes-models/istio/security.istio.io/v1/RequestAuthentication')).RequestAuthentication,
    'telemetry.istio.io/v1alpha1/Telemetry': async () =>
      (await import('@kubernetes-models/istio/telemetry.istio.io/v1alpha1/Telemetry')).Telemetry,
    'telemetry.istio.io/v1/Telemetry': async () =>
      (await import('@kubernetes-models/istio/telemetry.istio.io/v1/Telemetry')).Telemetry,
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
    'gateway.networking.k8s.io/v1beta1/Gateway': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1/Gateway')).Gateway,
    'gateway.networking.k8s.io/v1/Gateway': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/Gateway')).Gateway,
    'gateway.networking.k8s.io/v1beta1/ReferenceGrant': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1beta1/ReferenceGrant')).ReferenceGrant,
    'gateway.networking.k8s.io/v1/ReferenceGrant': async () =>
      (await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/ReferenceGrant')).ReferenceGrant,
  }),
)
