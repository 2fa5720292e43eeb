/** A chart in one file, as `helm dependency build` puts it into `charts/`. */
export function isPackedChart(path: string): boolean {
  return /(?:^|\/)charts\/[^/]+\.tgz$/.test(path)
}
