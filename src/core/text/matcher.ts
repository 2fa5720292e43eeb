/** A pattern in which `*` stands for any characters, as a predicate over the whole text. */
export function matcher(pattern: string): (text: string) => boolean {
  const source = pattern
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('.*')
  const regex = new RegExp(`^${source}$`, 's')
  return (text) => regex.test(text)
}
