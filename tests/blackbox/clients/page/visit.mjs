// What the scripts of this folder have in common: `node SCRIPT.mjs URL` visits the daemon's page in Debian's Chromium.
// Whatever the console complains of, and each request to another host, fails it. `stage(word, …)` has harness/page.py do
// something meanwhile. Nothing here depends on how soon something comes; how soon it came is printed.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--no-first-run', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
const url = process.argv[2];
process.stdin.unref(); // it does not keep this process alive
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// Done by whoever started this script; the answer, if there is one.
export async function stage(...words) {
  process.stdout.write(`${JSON.stringify(words)}\n`);
  return JSON.parse((await answers.next()).value);
}

// `look` gets the page; `expects`: the complaints that belong to the test.
export async function visit(look, { viewport = DESK, theme = 'light', expects } = {}) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  try {
    const page = await browser.newPage({ viewport, colorScheme: theme, reducedMotion: 'reduce' });
    page.setDefaultTimeout(60_000);
    const complaints = listen(page);
    await page.goto(url);
    await page.waitForSelector('main:not(.waiting)');
    await look(page);
    assert.deepEqual(complaints.filter((text) => !expects?.test(text)), []);
  } finally {
    await browser.close();
  }
}

function listen(page) {
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(`asked elsewhere: ${request.url()}`);
  });
  return complaints;
}

export const tile = (page, name) => page.locator('.tile', { hasText: name });
export const pool = (page, name) => page.locator('.pool', { has: page.locator(`#pool-${name}`) });
export const serves = (page, name) => pool(page, name).filter({ hasText: 'ACTIVE' }).filter({ hasText: '100 %' });

export async function signIn(page, name, token) {
  await page.click('text=Sign in');
  await page.fill('input[type=password]', token);
  await page.keyboard.press('Enter');
  await page.locator('.reader', { hasText: name }).waitFor();
}

export async function timed(what, wait) {
  const began = Date.now();
  await wait();
  console.log(`${what} after ${Date.now() - began} ms`);
}

export async function shot(page, name) {
  const folder = process.env.TEALGATE_SHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
}
