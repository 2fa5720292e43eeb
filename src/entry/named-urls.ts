/** Parses settings that are lists of named URLs. */
import type { NotifyDestination } from '../adapters/notify/notifier.ts'
import type { PrometheusServer } from '../adapters/prometheus/metrics.ts'

/** Either one URL, which gets the name `prometheus`, or several in the form `name=url`; undefined for anything else. */
export function readServers(text: string): readonly PrometheusServer[] | undefined {
  const entries = /^https?:/i.test(text.trim()) ? [`prometheus=${text}`] : text.split(',')
  const servers = entries.map((entry) => {
    const end = entry.indexOf('=')
    return { name: entry.slice(0, Math.max(0, end)).trim(), url: entry.slice(end + 1).trim() }
  })
  const isGood = servers.every(({ name, url }) => /^[a-z0-9][a-z0-9-]{0,39}$/.test(name) && isPrometheusUrl(url))
  return isGood && new Set(servers.map(({ name }) => name)).size === servers.length ? servers : undefined
}

/** A list in the form `name=kind+url`; undefined if an entry has another form, or if a name appears twice. */
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
