// Draws the Mermaid pictures of a page, and shows what has changed on the server without losing what a person does.
const { mermaid } = globalThis

const EVERY_MS = 1500
const isDark = matchMedia('(prefers-color-scheme: dark)').matches
mermaid.initialize({ startOnLoad: false, securityLevel: 'strict', theme: isDark ? 'dark' : 'default' })

/** Pictures that were drawn before, by their text: a page that is shown again does not flicker. */
const drawn = new Map()

async function draw() {
  for (const code of document.querySelectorAll('code.language-mermaid')) {
    const text = code.textContent
    if (!drawn.has(text)) {
      const { svg } = await mermaid.render(`picture-${drawn.size}`, text)
      drawn.set(text, svg)
    }
    const picture = document.createElement('div')
    picture.className = 'mermaid'
    picture.innerHTML = drawn.get(text)
    code.closest('pre').replaceWith(picture)
  }
  document.body.dataset.drawn = 'yes'
}

/** True while a person writes or chooses: what they do must not vanish. */
function isBusy() {
  return (
    document.activeElement?.closest('form') !== null ||
    [...document.querySelectorAll('textarea')].some(({ value }) => value !== '')
  )
}

let shown = document.querySelector('main').innerHTML

async function refresh() {
  const response = await fetch(location.href)
  const next = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main')
  if (next.innerHTML === shown || isBusy()) return
  shown = next.innerHTML
  const open = [...document.querySelectorAll('details[open][id]')].map(({ id }) => id)
  document.querySelector('main').replaceWith(next)
  for (const id of open) document.getElementById(id)?.setAttribute('open', '')
  await draw()
}

// A tick is sent at once, as GitHub does.
document.addEventListener('change', ({ target }) => {
  if (target.matches('.boxes input[type=checkbox]')) target.form.requestSubmit()
})

await draw()
// When the demo has ended, the page stays as it was.
setInterval(() => refresh().catch(() => undefined), EVERY_MS)
