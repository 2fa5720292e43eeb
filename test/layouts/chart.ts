/** A typical chart: the weights of its route are computed from one number in the values. */
export const CHART = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'charts/web/values.yaml': 'replicaCount: 2\ncanary:\n  enabled: true\n  weight: 0\n',
  'charts/web/templates/_helpers.tpl':
    '{{- define "web.labels" -}}\napp.kubernetes.io/name: {{ .Chart.Name }}\n{{- end -}}\n',
  'charts/web/templates/virtualservice.yaml': `{{- if .Values.canary.enabled }}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {{ .Release.Name }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
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
      labels: { version: v1 }
    - name: canary
      labels: { version: v2 }
`,
}
