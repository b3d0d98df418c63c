// What the page shows, and how soon, against a mock daemon. Each test also fails on a console complaint or a request elsewhere.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CSP } from '../mock/routes.mjs';
import { closeBrowser, DESK, on, PHONE } from './harness.mjs';

after(closeBrowser);
const SOON = { timeout: 60000 };

const tile = (page, name) => page.locator('.tile', { hasText: name });

test('page: a tile has its word, its reason, since when, and how old the check is', () =>
  on({ scenario: 'down' }, async (page) => {
    const down = tile(page, '10.0.0.22:8080');
    await down.waitFor();
    const text = await down.innerText();
    assert.match(text, /DOWN/);
    assert.match(text, /GET \/health → 503 "\{"db":"connection refused"\}"/);
    assert.match(text, /for (39|[45]\d) s, checked \d s ago/);
    assert.match(await tile(page, '10.0.0.12:8080').innerText(), /OFF[^]*connection refused/);
    assert.match(await tile(page, '10.0.0.24:8080').innerText(), /DRAIN/);
    assert.match(await tile(page, 'big').innerText(), /weight 2[^]*UP[^]*\/s/);
  }));

test('page: a server that fails is seen within two seconds, also in the tab', () =>
  on({}, async (page, daemon) => {
    await tile(page, '10.0.0.21:8080').waitFor();
    assert.match(await page.title(), /^● OK shop/);
    const before = await page.getAttribute('link[rel=icon]', 'href');
    daemon.fail('shop', 'green', '10.0.0.21:8080');
    await tile(page, '10.0.0.21:8080').filter({ hasText: 'DOWN' }).waitFor(SOON);
    await page.locator('header .state', { hasText: 'DEGRADED' }).waitFor(SOON);
    assert.match(await page.title(), /^▲ DEGRADED shop/);
    assert.notEqual(await page.getAttribute('link[rel=icon]', 'href'), before);
    await page.locator('.events li', { hasText: '10.0.0.21:8080 down' }).waitFor(SOON);
  }));

test('page: a switch by the command line gives a flag, an event, new shares and a drain that counts down', () =>
  on({}, async (page, daemon) => {
    await tile(page, '10.0.0.21:8080').filter({ hasText: /in flight [1-9]/ }).waitFor();
    daemon.world.services[0].drainFor = 15; // a browser that is held up still sees some of it
    void daemon.switchAs('night shift', 'shop', ['blue'], 'v1.4.2 is slow');
    await page.locator('.flag', { hasText: 'green → blue by night shift: v1.4.2 is slow' }).waitFor(SOON);
    await page.locator('.pool', { hasText: 'BLUE' }).filter({ hasText: 'ACTIVE' }).filter({ hasText: '100 %' }).waitFor(SOON);
    await page.locator('.drain', { hasText: /draining \d+ → \d+[^]*s left/ }).waitFor(SOON);
    await page.locator('.events li', { hasText: /green → blue, revision 44 by night shift: v1.4.2 is slow$/ }).waitFor(SOON);
    await page.locator('.pool', { hasText: 'GREEN' }).locator('.head .word', { hasText: /^STANDBY$/ }).waitFor();
    await page.locator('.drain').waitFor({ state: 'detached' });
  }));

test('page: a flag tells who and why when it is pointed at', () =>
  on({}, async (page) => {
    await page.hover('.flag');
    await page.locator('.tip', { hasText: 'blue → green by ci: release v1.4.2' }).waitFor();
  }));

test('page: with several services the overview comes first, the worst on top, and the picker leads on', () =>
  on({ scenario: 'services' }, async (page) => {
    await page.locator('main.overview tbody th').nth(3).waitFor();
    const traffic = page.getByRole('region', { name: 'Traffic of shop' });
    await traffic.locator('canvas').waitFor();
    assert.match(await traffic.locator('.totals').innerText(), /^[1-9].* requests, .* errors?$/);
    assert.equal(await page.locator('.ribbons .ribbon').count(), 4);
    assert.deepEqual(await page.locator('tbody th').allInnerTexts(), ['background-jobs', 'api', 'shop', 'www']);
    await page.click('tbody th a >> text=www');
    await page.locator('h1', { hasText: 'www' }).waitFor({ state: 'attached' });
    await page.locator('.pool', { hasText: 'BLUE' }).filter({ hasText: '90 %' }).waitFor();
    await page.selectOption('select[aria-label=Service]', 'api');
    await page.locator('.summary', { hasText: 'back: nothing to undo' }).waitFor();
  }));

test('page: it says who holds the lock, and what a switch would meet', () =>
  on({ scenario: 'locked' }, async (page) => {
    await page.locator('.summary', { hasText: /locked by ann: database migration, for 1 min/ }).waitFor();
    await page.locator('.readiness', { hasText: 'would be refused' }).filter({ hasText: 'held by ann' }).waitFor();
  }));

test('page: it says that it is stale, and recovers by itself', () =>
  on({ expects: /ERR_/ }, async (page, daemon) => {
    await tile(page, '10.0.0.21:8080').waitFor();
    await daemon.stop();
    await page.locator('.stale', { hasText: /Nothing was heard from the daemon for \d+ s/ }).waitFor({ timeout: 60000 });
    assert.match(await page.title(), /stale/);
    await page.locator('[role=status]', { hasText: 'The page is stale' }).waitFor({ state: 'attached' });
    daemon.fail('shop', 'green', '10.0.0.21:8080');
    await daemon.resume();
    await page.locator('.stale').waitFor({ state: 'detached' });
    await tile(page, '10.0.0.21:8080').filter({ hasText: 'DOWN' }).waitFor();
    assert.equal(await page.locator('.events li', { hasText: '10.0.0.21:8080 down' }).count(), 1, 'the missed event, once');
  }));

test('page: after a restart of the daemon its events take the place of the old ones', () =>
  on({ expects: /ERR_/ }, async (page, daemon) => {
    await page.locator('.events li', { hasText: '10.0.0.11:8080 up' }).waitFor();
    await daemon.stop();
    daemon.rebirth();
    await daemon.resume();
    await page.locator('.events li', { hasText: 'started' }).waitFor();
    assert.equal(await page.locator('.events li').count(), 1);
  }));

test('page: the server table is sorted by any column', () =>
  on({ scenario: 'down', path: '#/shop/servers' }, async (page) => {
    const first = (hasText) => page.locator('tbody tr:first-child', { hasText }).waitFor();
    await page.click('th >> text=State');
    await first(/10\.0\.0\.22:8080\s*DOWN/);
    await page.click('th >> text=req/s');
    await page.click('th >> text=req/s');
    await first(/big/);
    assert.equal(await page.locator('th', { hasText: 'req/s' }).getAttribute('aria-sort'), 'descending');
  }));

test('page: the history tells who, why, and how it ended', () =>
  on({ path: '#/shop/history' }, async (page) => {
    const row = page.locator('tbody tr', { hasText: 'checkout times doubled' });
    assert.match(await row.innerText(), /rollback\s+G\s*green\s+→\s+B\s*blue\s+ann[^]*64 finished, 0 cut in 2\.\d s/);
    await page.locator('tbody tr', { hasText: 'Refused' }).filter({ hasText: 'db' }).waitFor();
  }));

test('page: a wall has no controls', () =>
  on({ scenario: 'services', path: '?wall=1', token: 'may-everything' }, async (page) => {
    await page.locator('.card').nth(3).waitFor();
    assert.equal(await page.locator('button, select, input, a').count(), 0);
    assert.equal(await page.locator('.card').count(), 4);
  }));

test('page: eight servers a pool fit without scrolling', () =>
  on({ scenario: 'large', token: 'may-everything', viewport: DESK }, async (page) => {
    await page.waitForSelector('.tile .marks');
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    assert.ok(height <= DESK.height, `${height} px high`);
  }));

test('page: no text runs out of its tile, wide or narrow', async () => {
  for (const viewport of [DESK, PHONE]) {
    await on({ scenario: 'large', viewport }, async (page) => {
      await page.waitForSelector('.tile .marks');
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll('.tile')].flatMap((each) => {
          const { right, bottom } = each.getBoundingClientRect();
          return [...each.querySelectorAll('span, b, p')].filter((part) => part.getBoundingClientRect().right > right + 1 || part.getBoundingClientRect().bottom > bottom + 1).map((part) => part.textContent);
        }));
      assert.deepEqual(outside, []);
    });
  }
});

test('page: the policy forbids everything inline, and the page keeps to it', () =>
  on({}, async (page, daemon) => {
    await page.waitForSelector('.tile');
    const response = await page.request.get(daemon.url);
    assert.equal(response.headers()['content-security-policy'], CSP);
    assert.doesNotMatch(await response.text(), /<script>|<style|style=|onclick|https?:\/\//);
  }));

test('page: the theme is chosen, and stays chosen', () =>
  on({}, async (page) => {
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const button = page.locator('header button', { hasText: 'Theme' });
    await button.click();
    await button.click();
    assert.equal(await theme(), 'dark');
    await page.reload();
    await page.waitForSelector('.tile');
    assert.equal(await theme(), 'dark');
  }));

test('page: the day is read when it is asked for', () =>
  on({}, async (page, daemon) => {
    await page.click('text=24 h');
    await page.locator('.area[aria-label^="Until"]').waitFor();
    await page.waitForFunction(() => document.querySelector('.area canvas'));
    assert.ok(daemon.requests.includes('GET /v1/figures'));
  }));
