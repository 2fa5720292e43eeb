/** Files for kustomize and helm, which build the same in memory as on a machine. */

/** The weights of the route are computed from one number in the values, and the versions come from two texts. */
export const CHART = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'charts/web/values.yaml':
    'replicaCount: 2\nversions: { stable: v1, canary: v2 }\ncanary:\n  enabled: true\n  weight: 0\n',
  'charts/web/templates/virtualservice.yaml': `{{- if .Values.canary.enabled }}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .Release.Name }}
spec:
  hosts:
    - {{ .Release.Name }}
  http:
    - name: main
      route:
        - destination:
            host: {{ .Release.Name }}
            subset: stable
          weight: {{ sub 100 .Values.canary.weight }}
        - destination:
            host: {{ .Release.Name }}
            subset: canary
          weight: {{ .Values.canary.weight }}
{{- end }}
`,
  'charts/web/templates/destinationrule.yaml': `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: {{ .Release.Name }}
spec:
  host: {{ .Release.Name }}
  subsets:
    - name: stable
      labels: { version: {{ .Values.versions.stable }} }
    - name: canary
      labels: { version: {{ .Values.versions.canary }} }
`,
}

/** A route with its versions, for overlays. */
export const BASE = {
  'base/kustomization.yaml': 'resources: [route.yaml, subsets.yaml]\n',
  'base/route.yaml': `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  hosts: [web]
  http:
    - route:
        - destination: { host: web, subset: stable }
          weight: 100
        - destination: { host: web, subset: canary }
          weight: 0
`,
  'base/subsets.yaml': `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web }
spec:
  host: web
  subsets:
    - { name: stable, labels: { version: v1 } }
    - { name: canary, labels: { version: v2 } }
`,
}

/** A schema for the chart's values that accepts only shares. */
export const SCHEMA = {
  'charts/web/values.schema.json': JSON.stringify({
    type: 'object',
    properties: {
      replicaCount: { type: 'integer', maximum: 9 },
      canary: { type: 'object', properties: { weight: { type: 'integer', maximum: 100 } } },
      stable: { type: 'object', properties: { weight: { type: 'integer', maximum: 100 } } },
    },
  }),
}
