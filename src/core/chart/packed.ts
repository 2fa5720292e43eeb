/** A chart in one file, as `helm dependency build` puts it into `charts/`. The ports hand on texts only, so its bytes are base64 there. */
export function isPackedChart(path: string): boolean {
  return /(?:^|\/)charts\/[^/]+\.tgz$/.test(path)
}
