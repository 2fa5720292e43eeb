/**
 * A predicate over the whole text for a pattern in which `*` stands for any characters. It scans the text once, from left to
 * right. Other people write patterns and texts, and a regular expression would try all ways to divide a text among several `*`.
 */
export function matcher(pattern: string): (text: string) => boolean {
  const [first = '', ...between] = pattern.split('*')
  const last = between.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (!text.startsWith(first)) return false
    let place = first.length
    for (const part of between) {
      const found = text.indexOf(part, place)
      if (found === -1) return false
      place = found + part.length
    }
    return text.length - last.length >= place && text.endsWith(last)
  }
}
