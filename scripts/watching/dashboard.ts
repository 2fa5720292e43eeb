import { DashboardBuilder, DatasourceVariableBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { type PanelPlan, ROWS } from './panels.ts'

/** The dashboard in Grafana's import format, made with Grafana's own library. */
export function dashboardJson(): string {
  const dashboard = new DashboardBuilder('Perch')
    .uid('perch')
    .tags(['perch', 'gitops', 'istio'])
    .description('Canary rollouts by pull request, the tools that deploy them, and Perch itself.')
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus').label('Prometheus'))
  let id = 0
  for (const { title, panels } of ROWS) {
    id += 1
    dashboard.withRow(new RowBuilder(title).id(id))
    for (const plan of panels) {
      id += 1
      dashboard.withPanel(panelOf(plan).id(id))
    }
  }
  return `${JSON.stringify(dashboard.build(), undefined, 2)}\n`
}

function panelOf({ title, description, unit, kind, queries }: PanelPlan): StatBuilder | TimeseriesBuilder {
  const panel = kind === 'stat' ? new StatBuilder() : new TimeseriesBuilder()
  panel
    .title(title)
    .description(description)
    .unit(unit)
    .datasource({ type: 'prometheus', uid: '${datasource}' })
    .span(8)
    .height(kind === 'stat' ? 4 : 8)
  for (const [index, { expr, legend }] of queries.entries())
    panel.withTarget(
      new DataqueryBuilder()
        .refId(String.fromCharCode(65 + index))
        .expr(expr)
        .legendFormat(legend),
    )
  return panel
}
