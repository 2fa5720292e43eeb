import { html, htmlPage } from './html.ts'

export interface ServiceStatus {
  readonly version: string
  readonly isReady: boolean
  /** The state of each part as in `/readyz`. Empty if it is unknown. */
  readonly parts: Readonly<Record<string, string>>
}

/** The page at `/`. It contains nothing from any repository. */
export function statusPage({ version, isReady, parts }: ServiceStatus): string {
  const rows = Object.entries(parts).map(
    ([name, words]) =>
      html`<tr>
        <th scope="row">${name}</th>
        <td>${words}</td>
      </tr>`,
  )
  const body = html`<h1>Perch ${version}</h1>
    <p><strong>${isReady ? 'Ready.' : 'Not ready: the table below says what is missing.'}</strong></p>
    <table>
      ${rows}
    </table>
    <p>
      Perch moves a service from its stable version to its canary version by pull requests. To use it, comment
      <code>/canary help</code> on a pull request.
    </p>
    <p>
      For machines: <a href="healthz">healthz</a>, <a href="readyz">readyz</a>, <a href="metrics">metrics</a>. The
      documentation is in the repository of Perch: <code>README.md</code>, and for operators
      <code>docs/deploy</code> and <code>docs/watching</code>.
    </p>`
  return htmlPage('Perch', body)
}
