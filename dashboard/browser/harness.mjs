// A page in Debian's Chromium against a mock daemon. Whatever the console complains of, and each request to another host,
// is collected; close() fails if there was any.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { MockDaemon } from '../mock/daemon.mjs';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--no-first-run', '--no-proxy-server', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];
export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

let browser;
export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

// Begins a visit, looks, and ends it, whatever happens.
export async function on(options, look) {
  const visit = await Visit.begin(options);
  try {
    await look(visit.page, visit.daemon);
  } catch (error) {
    await visit.leave();
    throw error;
  }
  await visit.end();
}

export class Visit {
  // `token`: signed in from the beginning. `expects`: console complaints that belong to the test.
  static async begin({ daemon, scenario = 'calm', theme = 'light', viewport = DESK, token, path = '', expects, motion = 'reduce', ...options } = {}) {
    browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
    const visit = new Visit();
    visit.expects = expects;
    visit.complaints = [];
    visit.daemon = daemon ?? (await MockDaemon.start({ scenario, ...options }));
    visit.context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: motion, timezoneId: 'Europe/Berlin', ...options.context });
    if (token) await visit.context.addInitScript((value) => sessionStorage.setItem('tealgate-token', value), token);
    visit.page = await visit.context.newPage();
    visit.listen();
    await visit.page.goto(visit.daemon.url + path);
    return visit;
  }

  listen() {
    const { page, complaints, daemon } = this;
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(daemon.url) && !url.startsWith('data:')) complaints.push(`asked elsewhere: ${url}`);
    });
  }

  async leave() {
    await this.context.close();
    await this.daemon.stop();
  }

  async end() {
    await this.leave();
    const unexpected = this.complaints.filter((text) => !this.expects?.test(text));
    assert.deepEqual(unexpected, []);
  }
}
