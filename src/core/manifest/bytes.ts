const BYTES =
  /\.(?:t?gz|zip|jar|jks|p12|pfx|keystore|truststore|der|png|jpe?g|gif|webp|ico|pdf|woff2?|ttf|wasm|bin|db)$/i

/**
 * Files whose names say that they hold bytes: packed charts, and what kustomize puts into a ConfigMap or Secret. The ports hand on texts
 * only, so their bytes are base64 there.
 */
export function holdsBytes(path: string): boolean {
  return BYTES.test(path)
}
