import { createPrivateKey } from 'node:crypto'

type Key = { readonly pem: string } | { readonly problem: string }

/** The App's private key as PEM, PKCS #8, from `PRIVATE_KEY` or the file that `PRIVATE_KEY_PATH` names. */
export function readKey(env: NodeJS.ProcessEnv, readFile: (path: string) => string): Key {
  const { PRIVATE_KEY: text, PRIVATE_KEY_PATH: path } = env
  if (text !== undefined) return keyFrom(text, 'PRIVATE_KEY')
  if (path === undefined) {
    const step = "Create a private key in the App's settings and set PRIVATE_KEY to the content of the .pem file"
    return { problem: `PRIVATE_KEY is missing. ${step}, or PRIVATE_KEY_PATH to where it is.` }
  }
  try {
    return keyFrom(readFile(path), 'PRIVATE_KEY_PATH')
  } catch {
    return {
      problem: 'PRIVATE_KEY_PATH names a file that cannot be read. Check that it exists and that we may read it.',
    }
  }
}

function keyFrom(text: string, variable: string): Key {
  try {
    const key = createPrivateKey(pemOf(text))
    if (key.asymmetricKeyType === 'rsa') return { pem: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
  } catch {
    // The error would help no more than the message below, and might quote the key.
  }
  const forms = 'as it is, with \\n for its line ends, or in base64'
  return {
    problem: `${variable} holds no RSA private key. Use the whole .pem file that GitHub made for the App: ${forms}.`,
  }
}

/**
 * Accepts the same forms as Probot: the file's text, `
 * ` as two characters, everything in one line, or base64.
 */
function pemOf(text: string): string {
  const plain = text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('utf8')
  const [, kind, body] =
    /-----BEGIN ((?:RSA )?PRIVATE KEY)-----([^-]*)-----END \1-----/.exec(plain.replaceAll('\\n', '\n')) ?? []
  const lines = (body ?? '').replace(/\s/g, '').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ''].join('\n')
}
