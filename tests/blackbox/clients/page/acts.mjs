// With a token: a switch, a rollback and a drain, each confirmed with facts and a reason; a refusal is explained.
import assert from 'node:assert/strict';
import { serves, shot, signIn, stage, tile, visit } from './visit.mjs';

await visit(async (page) => {
  await signIn(page, 'ci', 'may-release');
  await switches(page);
  await rollsBack(page);
  await isRefused(page);
  assert.equal(await page.locator('text=Drain server…').count(), 0, 'a deployer takes no server out');
  await page.click('text=Sign out');
  await signIn(page, 'ann', 'may-everything');
  await drains(page);
  await showsTheHistory(page);
}, { expects: /422/ });

function done(page) {
  return page.locator('dialog .state', { hasText: 'Done' });
}

async function confirm(page, reason) {
  await page.waitForSelector('dialog input:focus, dialog select');
  await page.locator('dialog label', { hasText: 'Reason' }).locator('input').fill(reason);
  await page.locator('dialog .primary').click();
}

async function switches(page) {
  await page.click('text=Switch to green');
  await page.locator('dialog', { hasText: /Send 100 % of shop from BLUE to GREEN[^]*green: 2 of 2 up, checked \d+ s ago/ }).waitFor();
  await page.locator('dialog code', { hasText: 'tealgate switch -s shop green' }).waitFor();
  await shot(page, 'dialog');
  await confirm(page, 'by the page');
  await done(page).waitFor();
  await page.keyboard.press('Escape');
  await serves(page, 'green').waitFor();
}

async function rollsBack(page) {
  await page.click('text=Roll back');
  await page.locator('dialog', { hasText: 'decided by ci ("by the page")' }).waitFor();
  await confirm(page, 'too slow');
  await done(page).waitFor();
  await page.keyboard.press('Escape');
  await serves(page, 'blue').waitFor();
}

async function isRefused(page) {
  await stage('break', 'green-2', 'migration missing');
  await tile(page, 'green-2').filter({ hasText: 'migration missing' }).waitFor();
  await page.locator('.readiness', { hasText: 'would be refused' }).waitFor();
  await page.click('text=Switch to green');
  await confirm(page, 'try it');
  await page.locator('dialog', { hasText: 'Refused' }).waitFor();
  const said = await page.locator('dialog').innerText();
  assert.match(said, /green refused: 1 of 2 up/);
  assert.match(said, /green\/green-2\s+GET \/health\s+503\s+migration missing/);
  assert.match(said, /Traffic did not move/);
  await shot(page, 'refused');
  await page.keyboard.press('Escape');
  await serves(page, 'blue').waitFor();
  await stage('mend', 'green-2');
}

async function drains(page) {
  await page.click('text=Drain server…');
  await page.selectOption('dialog select >> nth=0', { label: 'blue-2, UP' });
  await page.locator('dialog', { hasText: 'blue-2 of blue becomes drain.' }).waitFor();
  await confirm(page, 'new disk');
  await done(page).waitFor();
  await page.keyboard.press('Escape');
  await tile(page, 'blue-2').filter({ hasText: 'DRAIN' }).waitFor();
}

async function showsTheHistory(page) {
  await page.click('nav >> text=History');
  for (const [reason, by] of [['by the page', 'ci'], ['too slow', 'ci'], ['new disk', 'ann']]) {
    await page.locator('tbody tr', { hasText: reason }).filter({ hasText: by }).waitFor();
  }
  await page.locator('tbody tr', { hasText: 'try it' }).filter({ hasText: 'migration missing' }).waitFor();
  await shot(page, 'history');
}
