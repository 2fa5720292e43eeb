/** HTML without scripts. Every value is escaped, because others may have written it, unless it is HTML of our own. */
export interface Html {
  readonly html: string
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** HTML with values filled in. Text is escaped. HTML that this function made is not escaped again. */
export function html(parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  const [first = '', ...rest] = parts
  return { html: rest.reduce((all, part, index) => all + written(values[index] ?? '') + part, first) }
}

function written(value: string | Html | readonly Html[]): string {
  if (typeof value === 'string') return value.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
  return 'html' in value ? value.html : value.map((one) => one.html).join('\n')
}

/** The one style of all pages, in the browser's own colours, in light and in dark. The Content-Security-Policy of the pages contains its hash. */
export const PAGE_STYLE =
  ':root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}' +
  'td,th{text-align:left;padding:.2rem 1rem .2rem 0;vertical-align:top;overflow-wrap:anywhere}' +
  'button{font:inherit;padding:.4rem 1rem}'

/** One whole page. */
export function htmlPage(title: string, body: Html): string {
  const head = html`<meta charset="utf-8" /><meta name="viewport" content="width=device-width" /><title>
      ${title}
    </title>`
  const style = `<style>${PAGE_STYLE}</style>`
  return `<!doctype html>\n<html lang="en">\n<head>${head.html}${style}</head>\n<body>\n${body.html}\n</body>\n</html>\n`
}
