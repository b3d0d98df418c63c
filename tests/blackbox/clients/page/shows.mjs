// Without a token: figures, the numbers of `tealgate status`, the reason of a failing check, and a release by the command line.
import assert from 'node:assert/strict';
import { pool, serves, shot, stage, tile, timed, visit } from './visit.mjs';

await visit(async (page) => {
  await serves(page, 'blue').waitFor();
  await page.locator('header .figures', { hasText: /[1-9][^]*\/s/ }).waitFor();
  assert.equal(await page.locator('.actions .primary').count(), 0, 'nothing to press without a token');
  await showsTheNumbersOfStatus(page);
  await showsWhyAServerIsDown(page);
  await showsARelease(page);
  await showsTheNumbersOfStatus(page);
});

async function showsTheNumbersOfStatus(page) {
  const status = await stage('status');
  const [shop] = Object.values(status.services);
  await page.locator('.summary', { hasText: `revision ${shop.revision}` }).waitFor();
  await page.locator('.summary', { hasText: shop.rollback.why }).waitFor();
  await page.locator('header .figure', { hasText: `generation${status.generation}` }).waitFor();
  for (const { name, share, active, label, up, of, servers } of shop.pools) {
    const column = pool(page, name);
    const said = await column.locator('.head').innerText();
    assert.match(said, active ? new RegExp(`ACTIVE\\s+${share} %`) : /STANDBY/);
    assert.match(said, new RegExp(`${label || 'no label'}[^]*UP\\s*${up}/${of}`, 'i'));
    for (const server of servers) assert.match(await column.locator('.tile', { hasText: server.name }).innerText(), /UP/);
  }
}

async function showsWhyAServerIsDown(page) {
  await stage('break', 'blue-2', 'db: connection refused');
  await timed('the reason of a failing check', () => tile(page, 'blue-2').filter({ hasText: 'DOWN' }).filter({ hasText: 'GET /health → 503 "db: connection refused"' }).waitFor());
  await page.locator('header .state', { hasText: 'DEGRADED' }).waitFor();
  await page.locator('.events li', { hasText: /blue-2[^]*down/ }).waitFor();
  await shot(page, 'down');
  await stage('mend', 'blue-2');
  await tile(page, 'blue-2').filter({ hasText: 'UP' }).waitFor();
  await page.locator('header .state', { hasText: 'OK' }).waitFor();
}

async function showsARelease(page) {
  await stage('hold', 'blue');
  await stage('run', 'switch', 'green', '--reason', 'by hand', '--label', 'v2');
  await timed('a flag, an event and the shares of a switch', async () => {
    await page.locator('.flag').first().waitFor();
    await page.locator('.events li', { hasText: 'blue → green' }).first().waitFor();
    await serves(page, 'green').waitFor();
  });
  await page.locator('.drain', { hasText: /draining \d+ → 1[^]* left/ }).waitFor();
  await pool(page, 'blue').filter({ hasText: /DRAINING/ }).waitFor();
  await shot(page, 'drain');
  await stage('let go');
  await page.locator('.drain').waitFor({ state: 'detached' });
  await page.hover('.flag');
  await page.locator('.tip', { hasText: /blue → green by .*: by hand/ }).waitFor();
}
