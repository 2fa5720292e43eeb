/**
 * The only reader of the process's environment. Commands on a checkout use it directly, because the settings of the service
 * (`env.ts`) take long to load.
 */

export function processEnv(): NodeJS.ProcessEnv {
  return process.env
}

/** The variables that git and the renderer need, to be found and to reach a GitHub behind a proxy. No others are passed on. */
const HANDED_DOWN = [
  'PATH',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
] as const

export function handedDown(env = processEnv()): Readonly<Record<string, string>> {
  return Object.fromEntries(HANDED_DOWN.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}

/** The environment for a service that this process starts: the variables to pass on, and those in `given`. */
export function childEnvironment(given: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...handedDown(), ...given }
}

/** Every CI system sets this variable. There, nobody can press a key. */
export function isCi(env = processEnv()): boolean {
  return env['CI'] === 'true' || env['CI'] === '1'
}
