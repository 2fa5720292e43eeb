/**
 * The number that Kubernetes reads from a plain scalar. Undefined if it reads a string. kubectl, Argo CD, Flux and kustomize read
 * YAML with sigs.k8s.io/yaml. That is go-yaml v2, and so YAML 1.1 (`resolve` in go.yaml.in/yaml/v2): `0144` is octal, `0x64` and
 * `0b11` are numbers, `1_000` is a thousand.
 */
export function kubernetesNumber(source: string): number | bigint | undefined {
  if (!NUMBER.test(source)) return undefined
  const text = source.replaceAll('_', '')
  const whole = WHOLE.exec(text)
  if (whole === null) return FLOAT.test(text) ? Number(text) : undefined
  const [, sign, digits = '', octal] = whole
  // BigInt accepts `0o` for octal, but not a leading `0`.
  const value = BigInt(octal === undefined ? digits : `0o${octal}`)
  return narrow(sign === '-' ? -value : value)
}

/** The beginning of every number. Underscores may only come later. */
const NUMBER = /^[-+]?\.?\d/

const WHOLE = /^([-+]?)(0x[\da-f]+|0b[01]+|0o?([0-7]+)|0|[1-9]\d*)$/i
const FLOAT = /^[-+]?\d*\.?\d*(?:e[-+]?\d+)?$/i

function narrow(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
