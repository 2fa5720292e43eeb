/** Writes the files for Prometheus and Grafana in docs/watching. */
import { writeFileSync } from 'node:fs'
import { alertRules } from './alerts.ts'
import { dashboardJson } from './dashboard.ts'

writeFileSync('docs/watching/alerts.yaml', alertRules())
writeFileSync('docs/watching/dashboard.json', dashboardJson())
