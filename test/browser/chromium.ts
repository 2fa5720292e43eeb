import { existsSync } from 'node:fs'
import { after, type TestContext } from 'node:test'
import { type Browser, launch, type Page } from 'puppeteer-core'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const program = PROGRAMS.find((path) => existsSync(path))

export const needsChromium = program === undefined ? { skip: 'chromium is not installed' } : {}

/** Widths of readers' screens, in CSS pixels. */
export const WIDTHS = { phone: 390, desktop: 1100 } as const

/** One headless browser for all tests of a file. It runs as root in containers, where Chromium's own sandbox does not work. */
let browser: Promise<Browser> | undefined
after(async () => (await browser)?.close())

/** A page that shares nothing with those of other tests. */
export async function openPage(t: TestContext): Promise<Page> {
  browser ??= launch({ executablePath: program ?? '', args: ['--no-sandbox', '--disable-gpu'] })
  const context = await (await browser).createBrowserContext()
  t.after(() => context.close())
  const page = await context.newPage()
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: 'light' }])
  await page.setViewport({ width: WIDTHS.desktop, height: 900, deviceScaleFactor: 2 })
  return page
}

/** Opens an address at a width, and waits until its pictures are drawn. */
export async function show(page: Page, url: string, width: keyof typeof WIDTHS): Promise<void> {
  await page.setViewport({ width: WIDTHS[width], height: 900, deviceScaleFactor: 2 })
  await page.goto(url)
  await page.waitForSelector('body[data-drawn]')
}

/** How many pixels of a page are beyond its right edge. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth') as Promise<number>
}
