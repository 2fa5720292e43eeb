/** Settings that are lists of URLs with names. */
import type { NotifyDestination } from '../adapters/notify/notifier.ts'
import type { PrometheusServer } from '../adapters/prometheus/metrics.ts'

/** One URL, which is called `prometheus`, or `name=url` for several; undefined where it is neither. */
export function readServers(text: string): readonly PrometheusServer[] | undefined {
  const entries = /^https?:/i.test(text.trim()) ? [`prometheus=${text}`] : text.split(',')
  const servers = entries.map((entry) => {
    const end = entry.indexOf('=')
    return { name: entry.slice(0, Math.max(0, end)).trim(), url: entry.slice(end + 1).trim() }
  })
  const isGood = servers.every(({ name, url }) => /^[a-z0-9][a-z0-9-]{0,39}$/.test(name) && isPrometheusUrl(url))
  return isGood && new Set(servers.map(({ name }) => name)).size === servers.length ? servers : undefined
}

/** `name=kind+url` for each; undefined where one is not like that, or a name stands twice. */
export function readDestinations(text: string): readonly NotifyDestination[] | undefined {
  const found = text.split(',').flatMap((entry): NotifyDestination[] => {
    const [, name, kind, url] =
      /^([a-z0-9][a-z0-9-]{0,39})=(slack|cloudevents)\+(https?:\/\/\S+)$/.exec(entry.trim()) ?? []
    if (name === undefined || url === undefined || !URL.canParse(url)) return []
    return [{ name, kind: kind === 'slack' ? 'slack' : 'cloudevents', url }]
  })
  const isWhole = found.length === text.split(',').length
  return isWhole && new Set(found.map(({ name }) => name)).size === found.length ? found : undefined
}

function isPrometheusUrl(text: string): boolean {
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  return url !== null && isWeb && url.search === '' && url.hash === '' && isDecodable(url.username + url.password)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
