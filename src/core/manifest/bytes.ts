const BYTES =
  /\.(?:t?gz|zip|jar|jks|p12|pfx|keystore|truststore|der|png|jpe?g|gif|webp|ico|pdf|woff2?|ttf|wasm|bin|db)$/i

/**
 * Files that contain binary data, by their names: packed charts, and files for a ConfigMap or Secret. Ports pass only texts, so their
 * bytes are base64 there.
 */
export function holdsBytes(path: string): boolean {
  return BYTES.test(path)
}
