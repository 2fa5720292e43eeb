/** An issue that Perch itself opened. */
export interface OwnIssue {
  readonly number: number
  readonly isOpen: boolean
  readonly body: string
  /** When anything about it changed last, by GitHub's clock, epoch milliseconds. */
  readonly updatedAt: number
}

/** The issues of one repository. Pull requests are none. */
export interface Issues {
  /** Those that Perch opened, whatever their state, oldest first, at most a hundred; `off` where the repository has no issues. */
  ours(): Promise<readonly OwnIssue[] | 'off'>
  /** Undefined where it is gone, or the repository has no issues any more. */
  get(number: number): Promise<OwnIssue | undefined>
  open(draft: { readonly title: string; readonly body: string }): Promise<OwnIssue | 'off'>
  /** Nothing happens where it is gone. */
  edit(number: number, change: { readonly body?: string; readonly isOpen?: boolean }): Promise<void>
}
