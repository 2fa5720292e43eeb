/** The release of a chart that renders a deployer. */
export interface Parent {
  /** Distinguishes it from other releases of the chart. */
  readonly name: string
  /** Every file that it is rendered from. */
  readonly files: readonly string[]
  /** The folders of the charts that it is rendered from. A new file there is one more of its files. */
  readonly charts: readonly string[]
}
