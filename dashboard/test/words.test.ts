import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DaemonEvent, Operation } from '../src/model/contract';
import { told } from '../src/model/told';
import * as words from '../src/model/words';
import { ago, check, failing, pool, server, service } from './vocabulary';

const draining: Operation = {
  id: 'x', kind: 'switch', service: 'shop', phase: 'draining', by: 'ci', reason: '', label: '', from: ['blue=90', 'green=10'], to: ['green'],
  revision: 44, began_at: ago(3), drain: null,
};

test('words: a server', () => {
  const word = (change: Parameters<typeof server>[1], active = true) => words.serverState(server('a', change), active).word;
  assert.equal(word({}), 'UP');
  assert.equal(word({ health: 'down' }), 'DOWN');
  assert.equal(word({ health: 'down' }, false), 'OFF');
  assert.equal(word({ health: 'unknown' }), 'UNKNOWN');
  assert.equal(word({ admin: 'drain', in_flight: 3 }), 'DRAIN');
  assert.equal(word({ admin: 'drain' }), 'DRAINED');
  assert.equal(word({ admin: 'maint', health: 'down' }), 'MAINT');
});

test('words: a pool', () => {
  const word = (change: Parameters<typeof pool>[1], operation: Operation | null = null) => words.poolState(pool('blue', change), operation).word;
  assert.equal(word({ active: true }), 'ACTIVE');
  assert.equal(word({ active: true, state: 'degraded' }), 'ACTIVE, DEGRADED');
  assert.equal(word({ active: true, state: 'down' }), 'ACTIVE, DOWN');
  assert.equal(word({}), 'STANDBY');
  assert.equal(word({ state: 'off' }), 'STANDBY, OFF');
  assert.equal(word({}, draining), 'DRAINING → standby');
  assert.equal(word({ active: true }, draining), 'ACTIVE');
  assert.equal(word({}, { ...draining, phase: 'finished' }), 'STANDBY');
});

test('words: the reason of a failing check', () => {
  assert.equal(words.reason(failing()), 'GET /health → 503 "db: connection refused"');
  assert.equal(words.reason(failing({ body: '', error: 'status 200 expected' })), 'GET /health → 503 status 200 expected');
  assert.equal(words.reason(failing({ status: 0, error: 'connection refused' })), 'GET /health: connection refused');
  assert.equal(words.reason(failing({ status: 0, error: '' })), 'GET /health: failed');
  assert.equal(words.reason(check()), 'GET /health');
});

test('words: splits', () => {
  assert.equal(words.splitWords(['green']), 'green');
  assert.equal(words.splitWords(['blue=90', 'green=10']), 'blue 90 % + green 10 %');
  assert.equal(words.splitWords([]), 'none');
});

test('words: the tab names the worst service first, and how many others are not well', () => {
  const well = service({ name: 'api' });
  const bad = service({ state: 'down' });
  assert.equal(words.tabTitle([well], true), '● OK api · blue · Tealgate');
  assert.equal(words.tabTitle([well, bad], true), '✗ DOWN shop · blue · Tealgate');
  assert.equal(words.tabTitle([well, bad, service({ name: 'www', state: 'degraded' })], true), '✗ DOWN shop +1 · blue · Tealgate');
  assert.equal(words.tabTitle([well], false), '⚠ stale · Tealgate');
});

test('told: an event without what stands around it, and who it was where it began', () => {
  const of = (change: Partial<DaemonEvent>) => told({ id: 'b-1', at: '', event: 'switch.decided', level: 'info', service: 'shop', by: 'ci', reason: 'v2', ...change });
  assert.deepEqual(of({ message: 'shop: blue → green, revision 3 by ci: v2' }), { what: 'blue → green, revision 3', doer: 'by ci: v2', isRelease: true });
  assert.deepEqual(of({ event: 'switch.done', message: 'shop: blue → green done; drained: 8 finished, 0 cut' }), { what: 'blue → green done; drained: 8 finished, 0 cut', doer: '', isRelease: false });
  assert.equal(of({ event: 'switch.refused', message: 'shop: blue → green refused: 1 of 2 up' }).doer, 'by ci: v2');
  assert.deepEqual(told({ id: 'b-2', at: '', event: 'server.down', level: 'warning', service: 'shop', message: 'shop/blue/a down: timed out' }), { what: 'blue/a down: timed out', doer: '', isRelease: false });
  assert.equal(told({ id: 'b-3', at: '', event: 'log.dropped', level: 'warning' }).what, 'log.dropped');
});
