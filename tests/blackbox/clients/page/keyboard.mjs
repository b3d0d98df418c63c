// Signing in, a switch and a look at the history by keyboard alone, from the first Tab to the last Enter.
import assert from 'node:assert/strict';
import { serves, visit } from './visit.mjs';

await visit(async (page) => {
  const { keyboard } = page;
  await serves(page, 'blue').waitFor();
  await keyboard.press('Tab');
  assert.equal(await focused(page), 'To the content');
  await tabTo(page, /^Sign in/);
  await keyboard.press('Enter');
  await page.waitForSelector('dialog input[type=password]:focus');
  await keyboard.type('may-release');
  await keyboard.press('Enter');
  await page.locator('.reader', { hasText: 'ci' }).waitFor();
  await tabTo(page, /^Switch to green/);
  await keyboard.press('Enter');
  await page.waitForSelector('dialog input:focus');
  await keyboard.type('by keyboard');
  await keyboard.press('Enter');
  await page.locator('dialog .state', { hasText: 'Done' }).waitFor();
  await keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await serves(page, 'green').waitFor();
  await tabTo(page, /^History/);
  await keyboard.press('Enter');
  await page.locator('tbody tr', { hasText: 'by keyboard' }).waitFor();
});

function focused(page) {
  return page.evaluate(() => document.activeElement.textContent);
}

async function tabTo(page, text) {
  for (let step = 0; step < 80; ++step) {
    if (text.test(await focused(page))) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no way to ${text} by Tab`);
}
