// What can be done from the page, by whom, and what is said when it is refused.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MockDaemon } from '../mock/daemon.mjs';
import { closeBrowser, on } from './harness.mjs';

after(closeBrowser);

const last = (daemon) => daemon.history.filter(({ event }) => event === 'finished').at(-1);

test('actions: a switch asks with facts, shows its command, and its reason reaches the history', () =>
  on({ token: 'may-release' }, async (page, daemon) => {
    await page.click('text=Switch to blue');
    const dialog = page.locator('dialog');
    await dialog.locator('text=Send 100 % of shop from GREEN v1.4.2 to BLUE v1.4.1.').waitFor();
    await dialog.locator('text=/blue: 2 of 2 up, checked \\d s ago/').waitFor();
    await page.waitForSelector('dialog input:focus');
    await page.keyboard.type("it's slow");
    assert.equal(await dialog.locator('code').innerText(), `tealgate switch -s shop blue --reason 'it'\\''s slow' --if-revision 43`);
    await dialog.locator('.primary').click();
    await dialog.locator('text=/\\d+ in flight/').first().waitFor();
    await dialog.locator('.state', { hasText: 'Done' }).waitFor();
    assert.deepEqual([last(daemon).to, last(daemon).by, last(daemon).reason], [['blue'], 'ci', "it's slow"]);
    await page.keyboard.press('Escape');
    await page.click('nav >> text=History');
    await page.locator('tbody tr', { hasText: "it's slow" }).waitFor();
  }));

test('actions: what was changed by others while the dialog was open is not agreed to', () =>
  on({ token: 'may-release' }, async (page, daemon) => {
    await page.click('text=Roll back');
    await page.locator('dialog', { hasText: 'Undo revision 43' }).waitFor();
    daemon.switchAs('ann', 'shop', ['blue']);
    await page.locator('dialog', { hasText: 'shop was changed while this was open (revision 43 → 44)' }).waitFor();
    await page.waitForSelector('dialog .primary[disabled]');
  }));

test('actions: a rollback says what it undoes', () =>
  on({ token: 'may-release' }, async (page, daemon) => {
    await page.click('text=Roll back');
    await page.locator('dialog', { hasText: 'Undo revision 43, decided by ci ("release v1.4.2").' }).waitFor();
    await page.locator('dialog .primary').click();
    await page.locator('dialog .state', { hasText: 'Done' }).waitFor();
    assert.deepEqual([last(daemon).kind, last(daemon).to], ['rollback', ['blue']]);
  }));

test('actions: a server is drained, by an admin', () =>
  on({ token: 'may-everything' }, async (page) => {
    await page.click('text=Drain server…');
    await page.selectOption('dialog select >> nth=0', { label: '10.0.0.22:8080, UP' });
    await page.locator('dialog', { hasText: '10.0.0.22:8080 of green becomes drain.' }).waitFor();
    await page.locator('dialog .primary').click();
    await page.locator('dialog .state', { hasText: 'Done' }).waitFor();
    await page.locator('.tile', { hasText: '10.0.0.22:8080' }).filter({ hasText: 'DRAIN' }).waitFor({ timeout: 60000 });
  }));

test('actions: shares that do not add up cannot be sent', () =>
  on({ token: 'may-release' }, async (page, daemon) => {
    await page.click('text=Split…');
    const [blue] = await page.locator('dialog input[type=number]').all();
    await blue.fill('25');
    await page.locator('dialog', { hasText: 'Send blue 25 % + green 75 % of shop' }).waitFor();
    await blue.fill('250');
    await page.waitForSelector('dialog .primary[disabled]');
    await blue.fill('25');
    await page.locator('dialog .primary').click();
    await page.locator('dialog .state', { hasText: 'Done' }).waitFor();
    assert.deepEqual(last(daemon).to, ['blue=25', 'green=75']);
  }));

test('actions: a refusal names server, check, status and body', () =>
  on({ scenario: 'refusing', token: 'may-release', expects: /422/ }, async (page) => {
    await page.click('text=Switch to blue');
    await page.locator('dialog .primary').click();
    const said = await page.locator('dialog', { hasText: 'Refused' }).innerText();
    assert.match(said, /blue refused: 1 of 2 up/);
    assert.match(said, /blue\/10\.0\.0\.12:8080\s+GET \/health\s+503\s+\{"db":"connection refused"\}\s+\d+ s/);
    assert.match(said, /Try: tealgate wait blue --healthy all/);
    assert.match(said, /Traffic did not move/);
  }));

test('actions: what changed meanwhile is not switched on old facts', () =>
  on({ token: 'may-release', expects: /409/ }, async (page, daemon) => {
    await page.click('text=Switch to blue');
    daemon.world.services[0].revision = 50;
    await page.locator('dialog .primary').click();
    await page.locator('dialog', { hasText: /revision is 50, not 43|Already so|Done/ }).waitFor();
  }));

test('actions: a daemon that dies under an action leaves it open, not wrong', () =>
  on({ token: 'may-release', expects: /ERR_/ }, async (page, daemon) => {
    daemon.world.services[0].drainFor = 15; // it is under way also for a browser that is held up
    await page.click('text=Switch to blue');
    await page.locator('dialog .primary').click();
    await page.locator('dialog >> text=/in flight/').first().waitFor();
    await daemon.stop();
    await page.locator('dialog', { hasText: 'The connection was lost after this was sent' }).waitFor();
    await daemon.resume();
  }));

test('actions: who may only read sees the commands, and no button', () =>
  on({}, async (page) => {
    const bar = page.locator('.actions');
    await bar.locator('code').nth(2).waitFor();
    assert.deepEqual(await bar.locator('code').allInnerTexts(), ['tealgate switch -s shop blue', 'tealgate rollback -s shop', 'tealgate drain shop/green/10.0.0.21:8080']);
    assert.deepEqual(await bar.locator('button').evaluateAll((all) => all.map(({ firstChild }) => firstChild.textContent)), ['Copy', 'Copy', 'Copy']);
  }));

test('actions: a deployer releases, but takes no server out; a token of one service acts on that one', async () => {
  await on({ token: 'may-release' }, async (page) => {
    await page.waitForSelector('text=Switch to blue');
    assert.equal(await page.locator('text=Drain server…').count(), 0);
  });
  const tokens = { narrow: { name: 'api-ci', role: 'deployer', services: ['api'] } };
  await on({ token: 'narrow', tokens }, async (page) => {
    await page.waitForSelector('.actions code');
    assert.equal(await page.locator('text=Switch to blue').count(), 0);
  });
});

test('login: a wrong token is refused, a good one is kept for the tab, and signing out forgets it', () =>
  on({ isPublic: false, expects: /401/ }, async (page) => {
    await page.locator('dialog', { hasText: 'This page is read with a token.' }).waitFor();
    await page.keyboard.press('Escape');
    await page.fill('input[type=password]', 'guess');
    await page.keyboard.press('Enter');
    await page.locator('dialog [role=alert]', { hasText: 'Not accepted' }).waitFor();
    await page.fill('input[type=password]', 'may-everything');
    await page.keyboard.press('Enter');
    await page.locator('.reader', { hasText: 'ann' }).waitFor();
    await page.reload();
    await page.locator('.reader', { hasText: 'ann' }).waitFor();
    assert.equal(await page.evaluate(() => document.cookie + Object.keys(localStorage)), '');
    await page.click('text=Sign out');
    await page.locator('dialog', { hasText: 'Sign in' }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  }));

test('login: who guesses too often is told to wait', () =>
  on({ isPublic: false, expects: /401|429/ }, async (page) => {
    for (let guess = 0; guess < 7; ++guess) {
      await page.fill('input[type=password]', `guess-${guess}`);
      await page.click('dialog .primary');
      await page.locator('dialog [role=alert]:not(:empty)').waitFor();
      await page.locator('dialog .primary:not([disabled])').waitFor();
    }
    await page.locator('dialog [role=alert]', { hasText: 'Too many wrong tokens. Try again in 60 s.' }).waitFor();
  }));

test('keyboard: a switch from the first Tab to the last Enter', () =>
  on({ token: 'may-release' }, async (page, daemon) => {
    await page.waitForSelector('text=Switch to blue');
    const focused = () => page.evaluate(() => document.activeElement.textContent);
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'To the content');
    for (let step = 0; step < 60 && !/^Switch to blue/.test(await focused()); ++step) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog input:focus');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await page.locator('dialog .state', { hasText: 'Done' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.id === 'main'); // there is no such button any more
    assert.equal(last(daemon).reason, 'by keyboard');
  }));

test('actions: text from outside stays text', async () => {
  const daemon = await MockDaemon.start({});
  const nasty = '<img src=x onerror=alert(1)>';
  daemon.fail('shop', 'green', '10.0.0.21:8080', { body: nasty });
  daemon.world.services[0].decided.reason = nasty;
  daemon.told = daemon.world.status();
  await on({ daemon }, async (page) => {
    await page.locator('.tile', { hasText: nasty }).waitFor();
    assert.equal(await page.locator('img').count(), 0);
  });
});
