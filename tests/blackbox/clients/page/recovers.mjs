// The daemon is killed and comes back on the same port: the page says that it is stale, and goes on by itself.
import assert from 'node:assert/strict';
import { serves, shot, stage, timed, visit } from './visit.mjs';

await visit(async (page) => {
  await serves(page, 'blue').waitFor();
  await stage('kill');
  await timed('the word that the page is stale', () => page.locator('.stale', { hasText: /Nothing was heard from the daemon for \d+ s/ }).waitFor());
  assert.match(await page.title(), /stale/);
  await shot(page, 'stale');
  await stage('start');
  await timed('the recovery', () => page.locator('.stale').waitFor({ state: 'detached' }));
  await serves(page, 'blue').waitFor();
  await stage('run', 'switch', 'green');
  await serves(page, 'green').waitFor();
}, { expects: /ERR_/ });
