// The daemon's own page in Chromium: `node dashboard.mjs URL TOKEN COMMAND…`. COMMAND switches shop from blue to green; the
// page shows it, and switches back with TOKEN. Whatever the console complains of, and each request elsewhere, fails it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const [url, token, program, ...words] = process.argv.slice(2);
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--no-first-run', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

const active = (page, pool) => page.locator('.pool', { hasText: pool }).filter({ hasText: 'ACTIVE' }).filter({ hasText: '100 %' });

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(60_000);
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(`asked elsewhere: ${request.url()}`);
  });
  await reads(page);
  await shows(page);
  await acts(page);
  assert.deepEqual(complaints, []);
} finally {
  await browser.close();
}

async function reads(page) {
  await page.goto(url);
  await active(page, 'BLUE').waitFor();
  await page.locator('header .figures', { hasText: /[1-9][^]*\/s/ }).waitFor();
  assert.equal(await page.locator('.actions button', { hasText: 'Switch' }).count(), 0, 'nothing to press without a token');
}

async function shows(page) {
  await promisify(execFile)(program, words);
  const began = Date.now();
  await active(page, 'GREEN').waitFor();
  await page.locator('.flag').first().waitFor();
  await page.locator('.events li', { hasText: 'blue → green' }).first().waitFor();
  const took = Date.now() - began;
  assert.ok(took < 5000, `the page took ${took} ms to show the switch`);
  if (process.env.TEALGATE_SHOT) await page.screenshot({ path: process.env.TEALGATE_SHOT });
}

async function acts(page) {
  await page.click('text=Sign in');
  await page.fill('input[type=password]', token);
  await page.keyboard.press('Enter');
  await page.locator('.reader', { hasText: 'ci' }).waitFor();
  await page.click('text=Switch to blue');
  await page.locator('dialog input').first().fill('by the page');
  await page.locator('dialog .primary').click();
  await page.locator('dialog .state', { hasText: 'Done' }).waitFor();
  await page.keyboard.press('Escape');
  await active(page, 'BLUE').waitFor();
  if (process.env.TEALGATE_SHOT) await page.screenshot({ path: process.env.TEALGATE_SHOT.replace('.png', '-signed-in.png') });
}
