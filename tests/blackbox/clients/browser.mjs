// Chromium against the proxy: what a page does, without one error on its console.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { originAt, run } from './checks.mjs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--no-proxy-server',
  // Whose certificate to take for good: the hash of its key. The store of authorities is not ours to change.
  ...(process.env.TEALGATE_KEY_HASH ? [`--ignore-certificate-errors-spki-list=${process.env.TEALGATE_KEY_HASH}`] : []),
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

// `visit(page, origin)` on a fresh profile; whatever the console complained of fails it.
async function withPage(port, visit) {
  const profile = mkdtempSync(join(tmpdir(), 'tealgate-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
  });
  try {
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('requestfailed', (request) => {
      const { errorText } = request.failure();
      // An answer without a body that the script does not read, or an EventSource that it closes, is called so.
      if (errorText !== 'net::ERR_ABORTED') complaints.push(`${request.url()}: ${errorText}`);
    });
    const origin = originAt(port);
    await page.goto(`${origin}/page`);
    await visit(page, origin);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

await run({
  fetch: (port) => withPage(port, fetches),
  events: (port) => withPage(port, events),
  navigation: (port) => withPage(port, navigation),
  websocket: (port) => withPage(port, websockets),
  drained: (port) => withPage(port, drained),
});

async function fetches(page) {
  const seen = await page.evaluate(async () => {
    const body = new Uint8Array(3_000_000).map((_, at) => at * 7);
    const inspected = await (await fetch('/inspect', { method: 'POST', body })).json();
    return {
      get: (await (await fetch('/bytes?n=1000')).arrayBuffer()).byteLength,
      many: (await Promise.all([...Array(30).keys()].map(async (n) => (await fetch(`/bytes?n=${n}`)).status))).join(),
      streamed: await readAll(await fetch('/bytes?n=5000000')),
      gzip: (await (await fetch('/gzip')).text()).length,
      posted: inspected.length,
      sameBytes: inspected.sha256 === (await hash(body)),
      range: (await fetch('/bytes?n=100', { headers: { Range: 'bytes=5-9' } })).status,
      head: (await fetch('/bytes?n=77', { method: 'HEAD' })).headers.get('content-length'),
    };
  });
  assert.deepEqual(seen, {
    get: 1000,
    many: Array(30).fill(200).join(),
    streamed: 5_000_000,
    gzip: 25_000,
    posted: 3_000_000,
    sameBytes: true,
    range: 206,
    head: '77',
  });
}

async function events(page) {
  assert.deepEqual(await page.evaluate(() => followEvents('browser')), ['first', 'second']);
  const news = await page.evaluate(async () => {
    const waiting = fetch('/poll?id=long');
    await fetch('/go?id=long');
    return (await waiting).text();
  });
  assert.equal(news, 'news');
}

async function websockets(page) {
  const messages = ['one', 'x'.repeat(1_500_000), ...[...Array(500).keys()].map(String)];
  const seen = await page.evaluate((sent) => talk('/ws', sent), messages);
  assert.deepEqual(seen, { seen: messages, code: 4000, clean: true, protocol: 'chat' });
}

// A drain closes both without a complaint, and the EventSource comes back by itself.
async function drained(page) {
  const ending = page.evaluate(() => {
    const socket = new WebSocket(`ws://${location.host}/ws`);
    const closed = new Promise((resolve) => (socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean })));
    const source = new EventSource('/events?id=drained');
    let seen = 0, state;
    const back = new Promise((resolve) => {
      source.onerror = () => (state = source.readyState);
      source.onmessage = () => ++seen === 2 && (source.close(), resolve());
    });
    window.live = Promise.all([
      new Promise((resolve) => (socket.onopen = resolve)),
      new Promise((resolve) => source.addEventListener('message', resolve, { once: true })),
    ]);
    return Promise.all([closed, back]).then(([close]) => ({ ...close, reconnecting: state === EventSource.CONNECTING }));
  });
  await page.evaluate(() => window.live);
  console.log('ready');
  assert.deepEqual(await ending, { code: 1001, wasClean: true, reconnecting: true });
}

async function navigation(page, origin) {
  await page.click('#other');
  await page.waitForURL(`${origin}/other`);
  await page.goBack();
  await page.waitForURL(`${origin}/page`);
  await page.reload();
  await page.click('#form button'); // a POST, a 303, a GET
  await page.waitForURL(`${origin}/other`);
  assert.equal(await page.title(), 'A page behind the proxy');
}
