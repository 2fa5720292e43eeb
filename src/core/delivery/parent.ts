/** What renders a deployer: the release of a chart, or the build of a kustomization. */
export interface Parent {
  /** Distinguishes it from other releases of the chart, or from other builds with the same resources. */
  readonly name: string
  /** Every file that it is rendered from. */
  readonly files: readonly string[]
  /** The folders of the charts that it is rendered from; none for a kustomization. A new file there is one more of its files. */
  readonly charts: readonly string[]
  /** A chart that nothing in the repository deploys is rendered with its own values. The person who applies it may give others. */
  readonly isGuessed?: boolean
}
