// axe-core (of the dashboard's packages) finds nothing on the screens of the real page, and none is wider than its screen.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DESK, PHONE, shot, signIn, tile, visit } from './visit.mjs';

const AXE = readFileSync(new URL('../../../../dashboard/node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const SCREENS = {
  live: (page) => tile(page, 'blue-2').filter({ hasText: 'DOWN' }).waitFor(),
  servers: (page) => page.click('nav >> text=Servers'),
  history: (page) => page.click('nav >> text=History'),
  dialog: async (page) => {
    await page.click('nav >> text=Live');
    await page.click('text=Split…');
    await page.waitForSelector('dialog');
  },
};

for (const [theme, viewport] of [['light', DESK], ['dark', PHONE], ['dark', DESK]]) {
  await visit(async (page) => {
    await signIn(page, 'ann', 'may-everything');
    for (const [name, open] of Object.entries(SCREENS)) {
      await open(page);
      const at = `${name}, ${theme}, ${viewport.width}`;
      assert.deepEqual(await violations(page), [], at);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${at} scrolls sideways`);
      await shot(page, at.replaceAll(', ', '-'));
    }
  }, { theme, viewport });
}

async function violations(page) {
  await page.evaluate(AXE); // by the debugger's way, which no policy of the page forbids
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
}
