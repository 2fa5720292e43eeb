/**
 * Templates for Prometheus as in public repositories, shortened to what matters for the evaluation. `metrics`: each with name,
 * count, interval, initial delay, failure limit, and its two conditions.
 */
export interface PublicTemplate {
  readonly title: string
  readonly spec: string
  readonly args: Readonly<Record<string, string>>
  readonly metrics: readonly string[]
}

const prometheus = (query: string): string =>
  `provider: { prometheus: { address: "http://prometheus:9090", query: '${query}' } }`

export const PUBLIC_TEMPLATES: readonly PublicTemplate[] = [
  {
    title: 'the success rate of the documentation of Argo Rollouts',
    spec: `
args: [{ name: service-name }, { name: prometheus-port, value: "9090" }]
metrics:
- name: success-rate
  interval: 5m
  successCondition: result[0] >= 0.95
  failureLimit: 3
  provider:
    prometheus:
      address: "http://prometheus.example.com:{{args.prometheus-port}}"
      query: |
        sum(irate(istio_requests_total{reporter="source",destination_service=~"{{args.service-name}}",response_code!~"5.*"}[5m])) /
        sum(irate(istio_requests_total{reporter="source",destination_service=~"{{args.service-name}}"}[5m]))`,
    args: { 'service-name': 'web.shop.svc.cluster.local' },
    metrics: ['success-rate – 300000 0 3 result[0] >= 0.95 | –'],
  },
  {
    title: 'errors of a gateway, after a delay, with a count',
    spec: `
args: [{ name: canary-hash }]
metrics:
- name: error-rate
  count: 3
  failureLimit: 1
  initialDelay: 60s
  interval: 20s
  successCondition: result[0] < 0.05
  provider:
    prometheus:
      address: http://prometheus.monitoring.svc.cluster.local:9090
      authentication: { oauth2: {}, sigv4: {} }
      query: (sum(rate(gateway_requests_total{rs_hash="{{args.canary-hash}}",status=~"5.."}[60s])) or on() vector(0)) / sum(rate(gateway_requests_total{rs_hash="{{args.canary-hash}}"}[60s]))`,
    args: { 'canary-hash': 'v2' },
    metrics: ['error-rate 3 20000 60000 1 result[0] < 0.05 | –'],
  },
  {
    title: 'both conditions, with a gap between them',
    spec: `
metrics:
- name: success-rate
  interval: 60s
  count: 10
  successCondition: result[0] >= 0.95
  failureCondition: result[0] < 0.90
  failureLimit: 3
  ${prometheus('sum(rate(ok[5m])) / sum(rate(all[5m]))')}`,
    args: {},
    metrics: ['success-rate 10 60000 0 3 result[0] >= 0.95 | result[0] < 0.90'],
  },
  {
    title: 'no data is good, and both conditions ask for data first',
    spec: `
metrics:
- name: error-rate
  interval: 60s
  count: 3
  inconclusiveLimit: 2
  failureLimit: 1
  successCondition: "len(result) == 0 || result[0] < 0.05"
  failureCondition: "len(result) > 0 && result[0] >= 0.10"
  ${prometheus('sum(rate(errors[5m]))')}`,
    args: {},
    metrics: ['error-rate 3 60000 0 1 len(result) == 0 || result[0] < 0.05 | len(result) > 0 && result[0] >= 0.10'],
  },
  {
    title: 'no data is a failure, and so is NaN',
    spec: `
metrics:
- name: canary-error-ratio
  interval: 30s
  failureLimit: 1
  consecutiveErrorLimit: 4
  successCondition: "len(result) > 0 && !isNaN(result[0]) && result[0] <= 0.0720"
  ${prometheus('sum(rate(errors[1m])) / sum(rate(all[1m]))')}`,
    args: {},
    metrics: ['canary-error-ratio – 30000 0 1 len(result) > 0 && !isNaN(result[0]) && result[0] <= 0.0720 | –'],
  },
  {
    title: 'a choice, in a demo with Flask',
    spec: `
metrics:
- name: success-rate
  initialDelay: 120s
  interval: 30s
  successCondition: "len(result) > 0 ? result[0] >= 0.95 : false"
  failureLimit: 3
  ${prometheus('1 - (sum(rate(flask_http_request_total{status=~"5.."}[2m])) / sum(rate(flask_http_request_total[2m])))')}`,
    args: {},
    metrics: ['success-rate – 30000 120000 3 len(result) > 0 ? result[0] >= 0.95 : false | –'],
  },
  {
    title: 'NaN is good: no requests, no latency',
    spec: `
metrics:
- name: p95-latency
  interval: 20s
  count: 3
  failureLimit: 1
  successCondition: isNaN(result[0]) || result[0] < 0.3
  ${prometheus('histogram_quantile(0.95, sum(rate(demo_bucket[1m])) by (le))')}`,
    args: {},
    metrics: ['p95-latency 3 20000 0 1 isNaN(result[0]) || result[0] < 0.3 | –'],
  },
  {
    title: 'only a failure condition, a single measurement',
    spec: `
metrics:
- name: total-errors
  failureCondition: result[0] >= 10
  ${prometheus('sum(increase(errors[5m]))')}`,
    args: {},
    metrics: ['total-errors – – 0 0 – | result[0] >= 10'],
  },
  {
    title: 'several services at once',
    spec: `
metrics:
- name: latency
  interval: 5m
  count: 3
  successCondition: "all(result, # < 1000)"
  ${prometheus('histogram_quantile(0.99, sum by (le, service) (rate(latency_bucket[5m])))')}
- name: errors
  interval: 5m
  count: 3
  successCondition: max(result) < 0.05
  ${prometheus('sum by (service) (rate(errors[5m]))')}`,
    args: {},
    metrics: ['latency 3 300000 0 0 all(result, # < 1000) | –', 'errors 3 300000 0 0 max(result) < 0.05 | –'],
  },
  {
    title: 'successes in a row, in an operator that creates its templates',
    spec: `
args: [{ name: namespace }, { name: window, value: 1m }]
metrics:
- name: critical-errors
  interval: 30s
  failureLimit: 3
  consecutiveSuccessLimit: 3
  successCondition: "len(result) > 0 && result[0] > 0"
  ${prometheus('(sum(increase(critical_error_total{namespace="{{args.namespace}}"}[{{args.window}}])) == 0) OR (absent(critical_error_total{namespace="{{args.namespace}}"}))')}`,
    args: { namespace: 'shop' },
    metrics: ['critical-errors – 30000 0 3 len(result) > 0 && result[0] > 0 | –'],
  },
  {
    title: 'arguments in every field, and a condition that never fails',
    spec: `
args:
- { name: threshold, value: "0.02" }
- { name: delay, value: 1m }
- { name: times, value: "5" }
metrics:
- name: deviation
  initialDelay: "{{ args.delay }}"
  interval: "{{ args.delay }}"
  count: "{{ args.times }}"
  inconclusiveLimit: "{{ args.times }}"
  successCondition: "len(result) > 0 && all(result, {# < {{ args.threshold }}})"
  failureCondition: "false"
  ${prometheus('deviation')}`,
    args: { threshold: '0.01' },
    metrics: ['deviation 5 60000 60000 0 len(result) > 0 && all(result, {# < 0.01}) | false'],
  },
]
