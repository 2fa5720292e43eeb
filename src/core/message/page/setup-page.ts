import { html, htmlPage } from './html.ts'

export interface SetupForm {
  /** GitHub's page that accepts manifests. */
  readonly action: string
  readonly manifest: string
  readonly webhookUrl: string
  /** The organization, or undefined for the account of whoever presses the button. */
  readonly organization: string | undefined
  readonly host: string
}

/** The first page in the browser: one button, which sends the manifest to GitHub. */
export function setupPage({ action, manifest, webhookUrl, organization, host }: SetupForm): string {
  const owner = organization === undefined ? html`your own account` : html`<strong>${organization}</strong>`
  const body = html`<h1>Register the GitHub App</h1>
    <p>The App will belong to ${owner} on ${host}. Its webhooks will go to <code>${webhookUrl}</code>.</p>
    <p>Sign in to ${host} in this browser first. GitHub then shows what the App may do, and you can change its name.</p>
    <form action="${action}" method="post">
      <input type="hidden" name="manifest" value="${manifest}" /><button>Continue on GitHub</button>
    </form>`
  return htmlPage('Set up Perch', body)
}

/** The last page, after the credentials were written to the file. */
export function setupDonePage(app: { readonly name: string; readonly installUrl: string }, file: string): string {
  const body = html`<h1>${app.name} is registered</h1>
    <p>Its credentials are in <code>${file}</code> on the machine where you started the setup.</p>
    <p>Next: <a href="${app.installUrl}">install the App</a> on your repositories, then start Perch.</p>`
  return htmlPage('Perch is set up', body)
}

/** The page for an error. The sentence says what to do. */
export function setupFailedPage(sentence: string): string {
  const body = html`<h1>This did not work</h1>
    <p>${sentence}</p>`
  return htmlPage('Perch is not set up', body)
}
