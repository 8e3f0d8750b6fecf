// The documentation page in Chromium: shown whole without a complaint of the
// browser or a request to anybody else, and calls made from it. Every wait is for
// an event. SCREENSHOTS names a folder for pictures.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const { chromium } = createRequire(import.meta.url)(process.env.PLAYWRIGHT);
const DEADLINE = 60_000;
const anywhere = '127.0.0.1:0';

/** Starts the program on free ports; the URL of its gateway. */
async function start(...flags) {
  const child = spawn(process.env.TRESTLE, [...flags, '--listen', anywhere, '--admin-listen', anywhere], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr })) {
    const said = JSON.parse(line);
    if (said.message === 'ready') return { child, url: said.gateway };
  }
  throw new Error('the program ended before it was ready');
}

/** Opens the page of a gateway, and gathers what must not happen on it. */
async function open(browser, url, scheme) {
  const page = await browser.newPage({ colorScheme: scheme, viewport: { width: 1360, height: 900 } });
  page.setDefaultTimeout(DEADLINE);
  const faults = [];
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => request.url().startsWith(url) || request.url().startsWith('data:') || faults.push(`request to ${request.url()}`));
  const answer = await page.goto(`${url}/docs`);
  assert.equal(answer.status(), 200);
  assert.match(answer.headers()['content-security-policy'], /default-src 'none'/);
  await page.waitForSelector('article');
  return { page, faults };
}

async function picture(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
}

const demo = await start('demo', '--backend-listen', anywhere);
const root = new URL('../..', import.meta.url).pathname;
const library = await start('serve', '--upstream', 'http://127.0.0.1:1',
  '--proto', `${root}tests/openapi/library.proto`, '--proto-path', `${root}tests/openapi,${root}proto`);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
const overdue = setTimeout(() => { console.error('no end in sight'); process.exit(1); }, DEADLINE * 2);
try {
  const { page, faults } = await open(browser, demo.url, 'light');
  assert.equal(await page.locator('article').count(), 5);
  await picture(page, 'docs-demo');

  const unary = page.locator('#Fetch_Capitalize');
  await unary.getByRole('button', { name: 'Send' }).click();
  await unary.locator('.status.good').waitFor();
  assert.deepEqual(JSON.parse(await unary.locator('form pre').textContent()), { id: 7, data: 'SEVMTE8gV09STEQ=' });

  // Server-Sent Events, shown as they come.
  const words = page.locator('#Fetch_CapitalizeWords');
  await words.getByRole('button', { name: 'Send' }).click();
  await words.locator('.status.good', { hasText: ' ms' }).waitFor();
  assert.match(await words.locator('form pre').textContent(), /data: \{.*"SEVMTE8="\}\n\nid: 1\ndata: /);

  const broken = page.locator('#Fetch_CapitalizeAll');
  await broken.locator('textarea').fill('[{"id":"x"}]');
  await broken.getByRole('button', { name: 'Send' }).click();
  await broken.locator('.status.bad', { hasText: '400' }).waitFor();
  // Chromium itself reports failed requests on its console.
  assert.deepEqual(faults.splice(0).filter((fault) => !fault.includes('400')), []);

  await unary.getByRole('button', { name: 'As curl' }).click();
  assert.match(await unary.locator('form pre').textContent(), /^curl 'http:.*\/api\/capitalize' -d '\{/);

  await page.getByRole('searchbox').fill('words');
  assert.equal(await page.locator('#side li:visible').count(), 2);
  assert.deepEqual(faults, []);
  await picture(page, 'docs-demo-tried');

  const dark = await open(browser, library.url, 'dark');
  assert.equal(await dark.page.locator('article').count(), 9);
  await dark.page.locator('#Library_GetBook details').first().click();
  await picture(dark.page, 'docs-library-dark');
  assert.deepEqual(dark.faults, []);
} finally {
  clearTimeout(overdue);
  await browser.close();
  demo.child.kill();
  library.child.kill();
}
console.log('docs: shown, tried, no foreign request');
