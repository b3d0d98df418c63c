// Pictures of every screen, to be looked at: node browser/shots.mjs FOLDER [NAME…]
import { mkdirSync } from 'node:fs';
import { closeBrowser, DESK, PHONE, Visit } from './harness.mjs';

const WALL = { width: 1600, height: 900 };
const admin = { token: 'may-everything' };
// As those see it who tell few colours apart.
const seenWith = (type) => async (page) => (await page.context().newCDPSession(page)).send('Emulation.setEmulatedVisionDeficiency', { type });
const SHOTS = {
  deuteranopia: { scenario: 'down', act: seenWith('deuteranopia') },
  protanopia: { scenario: 'both', act: seenWith('protanopia') },
  tritanopia: { scenario: 'large', act: seenWith('tritanopia') },
  achromatopsia: { scenario: 'both', act: seenWith('achromatopsia') },
  calm: { scenario: 'calm' },
  'calm-dark': { scenario: 'calm', theme: 'dark', ...admin },
  releasing: { scenario: 'releasing', ...admin },
  down: { scenario: 'down', ...admin },
  'down-dark': { scenario: 'down', theme: 'dark' },
  both: { scenario: 'both', ...admin },
  large: { scenario: 'large', ...admin },
  'large-dark': { scenario: 'large', theme: 'dark', ...admin },
  locked: { scenario: 'locked', ...admin },
  overview: { scenario: 'services' },
  'overview-dark': { scenario: 'services', theme: 'dark' },
  wall: { scenario: 'services', path: '?wall=1', viewport: WALL },
  'wall-dark': { scenario: 'services', path: '?wall=1', viewport: WALL, theme: 'dark' },
  'wall-one': { scenario: 'calm', path: '?wall=1' },
  servers: { scenario: 'large', path: '#/shop/servers' },
  history: { scenario: 'calm', path: '#/shop/history', ...admin },
  phone: { scenario: 'down', viewport: PHONE, full: true },
  'phone-dark': { scenario: 'releasing', viewport: PHONE, theme: 'dark', full: true, ...admin },
  'phone-overview': { scenario: 'services', viewport: PHONE },
  dialog: { scenario: 'calm', ...admin, act: async (page) => page.click('text=Switch to blue') },
  'dialog-dark': { scenario: 'calm', theme: 'dark', ...admin, act: async (page) => page.click('text=Drain server…') },
  'dialog-phone': { scenario: 'calm', viewport: PHONE, ...admin, act: async (page) => page.click('text=Split…') },
  refused: { scenario: 'refusing', expects: /422/, ...admin, act: async (page) => { await page.click('text=Switch to blue'); await page.click('dialog button.primary'); await page.waitForSelector('text=Refused'); } },
  done: { scenario: 'calm', ...admin, act: async (page) => { await page.click('text=Switch to blue'); await page.fill('dialog input', 'back to the old one'); await page.click('dialog button.primary'); await page.waitForSelector('dialog .state:has-text("Done")'); } },
  login: { scenario: 'calm', isPublic: false, expects: /401/, isLive: false, act: async (page) => page.waitForSelector('dialog') },
  stale: { scenario: 'calm', expects: /ERR_/, act: async (page, daemon) => { await daemon.stop(); await page.waitForSelector('.stale'); await daemon.resume(); } },
  flag: { scenario: 'calm', act: async (page) => page.hover('.flag') },
};

const [folder = 'shots', ...names] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const [name, { act, full = false, isLive, ...options }] of Object.entries(SHOTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const visit = await Visit.begin({ viewport: DESK, ...options });
  try {
    if (isLive !== false) await visit.page.waitForSelector('main:not(.waiting)');
    await visit.page.waitForTimeout(1300);
    await act?.(visit.page, visit.daemon);
    await visit.page.screenshot({ path: `${folder}/${name}.png`, fullPage: full });
    await visit.end();
    console.log(name);
  } catch (error) {
    console.log(name, 'FAILED', String(error).slice(0, 600));
  }
}
await closeBrowser();
