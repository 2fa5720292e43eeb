/**
 * The demo's page in a real browser: what a person sees of a pull request on a phone and on a desktop, and what they can do
 * there.
 */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { ElementHandle, Page } from 'puppeteer-core'
import { demoFiles } from '../../src/entry/demo/repository.ts'
import type { RolloutMoment } from '../../src/entry/demo/web/chart.ts'
import { ticked } from '../../src/entry/demo/web/issue-page.ts'
import { startPages } from '../../src/entry/demo/web/server.ts'
import { needsKustomize } from '../tools.ts'
import { aStory, checksOn, type Story } from '../stories/world.ts'
import { needsChromium, openPage, overflow, show, WIDTHS } from './chromium.ts'

const needs = { ...needsKustomize, ...needsChromium }
const IMAGES = 'docs/images'
const ROUTE = 'overlays/production/applications/api-service/virtual-service.yaml'

const AT = Date.UTC(2026, 10, 20, 12)
const SAMPLES: readonly RolloutMoment[] = [
  { at: AT, share: 0, successRate: undefined },
  { at: AT + 4_000, share: 5, successRate: 99.9 },
  { at: AT + 8_000, share: 25, successRate: 91.3 },
  { at: AT + 12_000, share: 0, successRate: undefined },
]

interface Scene {
  readonly story: Story
  readonly page: Page
  readonly url: string
  readonly number: number
}

async function scene(t: TestContext, files = demoFiles()): Promise<Scene> {
  const story = await aStory({ files })
  // The sandbox of all stories, limited to this story's repository.
  const box = { ...story.box, repository: () => story.repository(), person: (login: string) => story.person(login) }
  const pages = await startPages(box, () => SAMPLES)
  t.after(() => pages.close())
  const text = story.repository().file(ROUTE) ?? ''
  const { number } = story.person('alice').openPullRequest({
    branch: 'api-v2',
    title: 'Release api-service v2 as the canary',
    files: { [ROUTE]: text.replace('canary-version: "v1"', 'canary-version: "v2"') },
  })
  return { story, page: await openPage(t), url: pages.url, number }
}

/** Takes a picture. `PERCH_WRITE_PAGES=1` puts it into the docs. Pictures are not compared, because fonts differ between machines. */
async function picture(of: Page | ElementHandle, name: string): Promise<void> {
  const bytes = await of.screenshot()
  assert.ok(bytes.length > 5_000, `${name} is empty`)
  if (process.env['PERCH_WRITE_PAGES'] !== '1') return
  mkdirSync(IMAGES, { recursive: true })
  await of.screenshot({ path: `${IMAGES}/${name}.png` })
}

test('a person types /canary 5, sees the answer, the diff and the checks come, and merges', needs, async (t) => {
  const { story, page, url, number } = await scene(t)
  await show(page, `${url}/pull/${number}`, 'desktop')
  await page.type('textarea', '/canary 5')
  await Promise.all([page.waitForNavigation(), page.click('.write button')])
  await story.until('the answer', () =>
    story
      .repository()
      .comments(number)
      .some(({ body }) => body.includes('0% → **5%**')),
  )
  await story.until('a summary with the plan', () =>
    story
      .repository()
      .comments(number)
      .some(({ body }) => body.startsWith('<!-- perch:summary') && body.includes('mermaid')),
  )
  // The page shows it without a reload, and draws the plan.
  await page.waitForFunction("document.body.innerText.includes('0% → 5% on this pull request')")
  await page.waitForSelector('.mermaid svg')
  const words = await page.$eval('main', (main) => main.textContent)
  assert.match(words, /canary\/validate/)
  assert.match(words, /\+ +gitops\.example\.com\/canary-percentage: "5"/)

  for (const width of ['phone', 'desktop'] as const) {
    await show(page, `${url}/pull/${number}`, width)
    await page.waitForSelector('.mermaid svg')
    const height = await page.$eval('.mermaid svg .nodeLabel', (label) => label.getBoundingClientRect().height)
    assert.ok(height >= 16, `at ${WIDTHS[width]} px the steps of the plan are ${height} px high`)
    assert.equal(await overflow(page), 0, `at ${WIDTHS[width]} px nothing is beyond the edge`)
    const comment = await page.waitForSelector('.entry:has(.mermaid)')
    assert.ok(comment !== null)
    await picture(comment, `comment-${width}`)
  }
  // Each share links to the line with its weight.
  const line = await page.$eval('td a[href*="virtual-service.yaml"]', (link) => link.getAttribute('href') ?? '')
  await show(page, `${url}${line}`, 'desktop')
  assert.match(await page.$eval(':target', (target) => target.textContent), /weight: 95/)
  await show(page, `${url}/pull/${number}`, 'desktop')
  await page.waitForSelector('.mermaid svg')
  const size = await page.$eval('.mermaid svg', (svg) => svg.getBoundingClientRect().height)
  assert.ok(size > 20, 'the picture can be read')

  await Promise.all([page.waitForNavigation(), page.click('button[value=merge]')])
  assert.equal(story.repository().pull(number).state, 'merged')
  await show(page, `${url}/`, 'desktop')
  const front = await page.$eval('main', (main) => main.textContent)
  assert.match(front, /merged\s+Release api-service v2 as the canary/)
  assert.match(front, /95\/5/)
  assert.equal((await page.$$('.chart circle.bad')).length, 1)
  await picture(page, 'demo')
  for (const width of ['desktop', 'phone'] as const) {
    await show(page, `${url}/`, width)
    assert.equal(await overflow(page), 0, `at ${WIDTHS[width]} px nothing is beyond the edge`)
  }
})

test('a person presses a button of a check on a step, and the rollout is held', needs, async (t) => {
  const { story, page, url, number } = await scene(t)
  const alice = story.person('alice')
  const first = story.repository().pull(number).head.sha
  alice.comment(number, '/canary 5')
  const checksOf = (pull: number) => story.repository().checkRuns(story.repository().pull(pull).head.sha)
  await story.until('the command', () => story.repository().pull(number).head.sha !== first)
  await story.until(
    'green checks',
    () => checksOf(number).filter(({ conclusion }) => conclusion === 'success').length === 2,
  )
  alice.merge(number)
  const step = await story.until('the step', () => story.repository().pulls('open')[0]?.number)
  await story.until('its buttons', () => checksOf(step).some(({ actions }) => actions.length === 3))
  await show(page, `${url}/pull/${step}`, 'desktop')
  await page.$eval('details:has(button[value=hold])', (check) => check.setAttribute('open', ''))
  await Promise.all([page.waitForNavigation(), page.click('button[value=hold]')])
  await story.until('a gate that is held', () => checksOf(step).some(({ title }) => /hold/.test(title ?? '')))
  await page.waitForSelector('button[value=resume]')
})

test('the issue with all rollouts is listed, shows its table, and a person ticks a box', needs, async (t) => {
  const files = demoFiles()
  const config = '.github/canary.yml'
  const { story, page, url, number } = await scene(t, { ...files, [config]: `${files[config] ?? ''}dashboard: true\n` })
  const alice = story.person('alice')
  alice.comment(number, '/canary 5')
  await story.until('the share', () => /weight: 95/.test(story.repository().file(ROUTE, 'api-v2') ?? ''))
  await story.until('green checks', () => checksOn(story.repository(), 'api-v2').gate === 'success')
  alice.merge(number)
  await story.until('the next step', () => story.repository().pulls('open')[0])
  await story.quiet()
  await story.pass(60_000)
  const issue = await story.until('its line', () =>
    story
      .repository()
      .issues()
      .find(({ body }) => body.includes('**5%**')),
  )

  await show(page, `${url}/`, 'desktop')
  await Promise.all([page.waitForNavigation(), page.click(`a[href="/issue/${issue.number}"]`)])
  for (const width of ['phone', 'desktop'] as const) {
    await show(page, `${url}/issue/${issue.number}`, width)
    assert.equal(await overflow(page), 0, `at ${WIDTHS[width]} px nothing is beyond the edge`)
    assert.equal((await page.$$('.boxes td')).length, 3)
  }
  await show(page, `${url}/issue/${issue.number}`, 'phone')
  const shown = await page.$('.boxes .entry')
  assert.ok(shown !== null)
  await picture(shown, 'dashboard')
  const boxes = '.boxes input[type=checkbox]'
  assert.equal((await page.$$(boxes)).length, 2)
  await page.select('.boxes select', 'bob')
  await Promise.all([page.waitForNavigation(), page.click(`${boxes}[value="1"]`)])
  await story.until('an empty box', () => story.repository().issues()[0]?.body === issue.body)
})

test('ticking a box changes that one, in its order on the page', () => {
  const body = '- [ ] a\n- [x] b [ ]\n\n1. [ ] c\n- [ ] d\n'
  assert.equal(ticked(body, 2), body.replace('[ ] d', '[x] d'))
  assert.equal(ticked(body, 9), body)
})

test('no script in a comment runs, and no other site can make a browser act', needs, async (t) => {
  const { story, page, url, number } = await scene(t)
  story
    .person('mallory')
    .comment(number, '<img src=x onerror="document.title=\'taken\'"><script>document.title = "taken"</script>')
  await show(page, `${url}/pull/${number}`, 'desktop')
  assert.equal(await page.title(), 'acme/gitops')
  const body = new URLSearchParams({ do: 'merge', as: 'alice' })
  for (const origin of ['https://evil.example', 'null']) {
    const refused = await fetch(`${url}/pull/${number}/act`, { method: 'POST', body, headers: { origin } })
    assert.equal(refused.status, 403)
  }
  assert.equal(story.repository().pull(number).state, 'open')
})

test('a file shows its weights, a commit its changes, and a missing page says so', needs, async (t) => {
  const { story, page, url } = await scene(t)
  await show(page, `${url}/file?at=main&path=${encodeURIComponent(ROUTE)}`, 'desktop')
  assert.equal((await page.$$('.file .weight')).length, 2)
  await show(page, `${url}/commit/${story.repository().branch('api-v2') ?? ''}`, 'desktop')
  assert.match(await page.$eval('main', (main) => main.textContent), /canary-version: "v2"/)
  assert.equal((await fetch(`${url}/nowhere`)).status, 404)
  assert.match(await (await fetch(`${url}/pull/99`)).text(), /has no pull request #99/)
})
