/** An issue that Perch itself opened. */
export interface OwnIssue {
  readonly number: number
  readonly isOpen: boolean
  readonly body: string
  /** When anything about the issue last changed, by GitHub's clock, epoch milliseconds. */
  readonly updatedAt: number
}

/** The issues of one repository, without pull requests. */
export interface Issues {
  /**
   * The issues that Perch opened, open or closed, oldest first, at most a hundred; `off` if issues are switched off in the
   * repository.
   */
  ours(): Promise<readonly OwnIssue[] | 'off'>
  /** Undefined if the issue is gone, or if the repository no longer has issues. */
  get(number: number): Promise<OwnIssue | undefined>
  open(draft: { readonly title: string; readonly body: string }): Promise<OwnIssue | 'off'>
  /** Does nothing if the issue is gone. */
  edit(number: number, change: { readonly body?: string; readonly isOpen?: boolean }): Promise<void>
}
