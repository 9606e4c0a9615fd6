import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { chromium } from 'playwright-core'

/** Takes the picture of the page that README shows: the fraud example in dev mode, once it has results. */

const PICTURE = 'docs/images/page.png'
const CHROMIUM = '/usr/bin/chromium'
const VIEWPORT = { width: 1120, height: 860 }
/** Enough to fill the picture. */
const RESULTS = 12
const TIMEOUT_MS = 60_000

/** Nothing but the page: no first-run screens, no calls home. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: apt-get install chromium`)
const dev = spawn(process.execPath, ['cli/main.ts', 'dev', 'examples/fraud-detection'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const profile = mkdtempSync(join(tmpdir(), 'millrace-chromium-'))
try {
  await takePicture(await pageUrl(dev))
} finally {
  dev.kill('SIGINT')
  rmSync(profile, { recursive: true, force: true })
}

/** As dev mode announces it. Its output is read to the end, so that it never waits for us. */
function pageUrl({ stdout }: { readonly stdout: Readable }): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: stdout })
    lines.on('line', (line) => {
      const [, url] = /^page {2}(\S+)/.exec(line) ?? []
      if (url !== undefined) resolve(url)
    })
    lines.once('close', () => reject(new Error('dev mode ended before it announced its page')))
  })
}

async function takePicture(url: string): Promise<void> {
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    args: FLAGS,
    viewport: VIEWPORT,
    colorScheme: 'light',
  })
  try {
    const page = await browser.newPage()
    await page.goto(url)
    await page.locator('#records tr').nth(RESULTS).waitFor({ timeout: TIMEOUT_MS })
    await page.screenshot({ path: PICTURE })
  } finally {
    await browser.close()
  }
}
