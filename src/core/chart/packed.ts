/** A chart in one file, as `helm dependency build` puts it into `charts/`. It is handed on as base64: texts are all that there is. */
export function isPackedChart(path: string): boolean {
  return /(?:^|\/)charts\/[^/]+\.tgz$/.test(path)
}
