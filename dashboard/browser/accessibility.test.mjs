// axe-core finds nothing to complain of, on each screen, in both themes, wide and narrow; and nothing is wider than the screen.
// The short form has each theme with one width; TEALGATE_LONG=1 has all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { closeBrowser, DESK, on, PHONE } from './harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const admin = { token: 'may-everything' };
const open = (text) => (page) => page.click(`text=${text}`);
const SCREENS = {
  calm: { scenario: 'calm' },
  releasing: { scenario: 'releasing', ...admin },
  down: { scenario: 'down', ...admin },
  both: { scenario: 'both', ...admin },
  large: { scenario: 'large' },
  locked: { scenario: 'locked' },
  overview: { scenario: 'services' },
  wall: { scenario: 'services', path: '?wall=1' },
  servers: { scenario: 'down', path: '#/shop/servers' },
  history: { scenario: 'calm', path: '#/shop/history' },
  'switch dialog': { scenario: 'calm', ...admin, act: open('Switch to blue') },
  'split dialog': { scenario: 'calm', ...admin, act: open('Split…') },
  'server dialog': { scenario: 'calm', ...admin, act: open('Drain server…') },
  refusal: { scenario: 'refusing', ...admin, expects: /422/, act: async (page) => { await page.click('text=Switch to blue'); await page.click('dialog .primary'); await page.waitForSelector('text=Refused'); } },
  login: { scenario: 'calm', isPublic: false, act: (page) => page.waitForSelector('dialog') },
  stale: { scenario: 'calm', expects: /ERR_/, act: async (page, daemon) => { await daemon.stop(); await page.waitForSelector('.stale'); await daemon.resume(); } },
};

after(closeBrowser);

async function violations(page) {
  // By the debugger's way, which no policy of the page forbids, and which leaves no script element behind.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
}

const isLong = process.env.TEALGATE_LONG === '1';
const LOOKS = { light: isLong ? [DESK, PHONE] : [DESK], dark: isLong ? [DESK, PHONE] : [PHONE] };

for (const [name, { act, ...options }] of Object.entries(SCREENS)) {
  for (const [theme, viewports] of Object.entries(LOOKS)) {
    for (const viewport of viewports) {
      test(`accessible: ${name}, ${theme}, ${viewport.width} wide`, () =>
        on({ theme, viewport, ...options }, async (page, daemon) => {
          if (options.isPublic !== false) await page.waitForSelector('main:not(.waiting)');
          await act?.(page, daemon);
          assert.deepEqual(await violations(page), []);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.equal(wide, 0, 'the page scrolls sideways');
        }));
    }
  }
}
