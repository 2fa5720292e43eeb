/** Why the App is not set up, or not yet. */
export type SetupProblem =
  | { readonly code: 'used-wrongly'; readonly words: string }
  | { readonly code: 'file-exists'; readonly file: string }
  | { readonly code: 'no-folder'; readonly file: string }
  | { readonly code: 'port-taken'; readonly port: number }
  | { readonly code: 'wrong-state' }
  | { readonly code: 'no-code' }
  | { readonly code: 'in-progress' }
  | { readonly code: 'unknown-code'; readonly status: number }
  | { readonly code: 'unreachable'; readonly host: string }
  | { readonly code: 'not-understood'; readonly host: string }
  | { readonly code: 'not-written'; readonly file: string; readonly pageUrl: string }
  | { readonly code: 'too-late'; readonly minutes: number }

/** What is wrong, and what to do, in one or two sentences. No credential is in them. */
export function explainSetup(problem: SetupProblem): string {
  switch (problem.code) {
    case 'used-wrongly':
      return problem.words
    case 'file-exists':
      return `${problem.file} already exists. Name another file with --file, or overwrite it with --force.`
    case 'no-folder':
      return `Perch has no permission to write ${problem.file}. Name another file with --file.`
    case 'port-taken':
      return `Perch cannot listen on port ${problem.port} of this machine. Name another one with --port, or leave it out.`
    case 'wrong-state':
      return 'This answer does not belong to the setup that is running. Open the address in the terminal again.'
    case 'no-code':
      return 'GitHub sent no code. Open the address in the terminal again.'
    case 'in-progress':
      return 'This answer was already used. The terminal shows the result.'
    case 'unknown-code':
      return `GitHub does not know this code (${problem.status}): it was used before, or is older than an hour. If the App exists, delete it in its settings, and start again.`
    case 'unreachable':
      return `${problem.host} did not answer. Reload the page in the browser to try again.`
    case 'not-understood':
      return `${problem.host} did not answer with the credentials of an App. If the App exists, delete it in its settings. Then register it by hand as docs/deploy/README.md says.`
    case 'not-written':
      return `The App is registered, but ${problem.file} could not be written. Create a private key and a webhook secret in the settings of ${problem.pageUrl}, and put them there yourself.`
    case 'too-late':
      return `Nothing came back from GitHub within ${problem.minutes} minutes. Start again.`
  }
}

/** The text in the terminal while it waits for the browser. */
export function setupInvitation(address: string, minutes: number): string {
  return `Open this address in a browser on this machine, within ${minutes} minutes:\n\n  ${address}\n\nPress Ctrl+C to stop.\n`
}

/** The text after the setup. */
export function setupDone(app: { readonly name: string; readonly installUrl: string }, file: string): string {
  return `Registered ${app.name}, and wrote its credentials to ${file}, which only you may read.\nNext: install it on your repositories (${app.installUrl}), then run npm start.\n`
}

/** What `perch serve` prints if its settings are not complete. A newcomer has none, and `perch setup` makes them. */
export function cannotStartWords(problems: readonly string[]): string {
  const list = problems.map((problem) => `- ${problem}`).join('\n')
  return `Perch cannot start:\n${list}\nIf you have no GitHub App yet, \`perch setup --url https://<where GitHub reaches Perch>\` in a checkout registers one and writes these settings to .env. docs/deploy/README.md explains all of them.`
}
