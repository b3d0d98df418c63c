import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withNulls } from '../src/model/absent';
import type { DaemonEvent, Status } from '../src/model/contract';
import { flagsOf } from '../src/model/flags';
import { mergePatch } from '../src/model/merge_patch';
import { splitOf, withShare } from '../src/model/split';
import { highestOfEach, perSecond, stacked, summed } from '../src/model/stack';
import { service } from './vocabulary';

test('stack: the whole first, and nothing where one adds nothing', () => {
  assert.deepEqual(stacked([[1, 0, 2], [10, 20, 0]]), [[11, 20, null], [1, null, 2]]);
  assert.deepEqual(stacked([]), []);
});

test('stack: sums and rates', () => {
  assert.deepEqual(summed([{ requests: [1, 2], errors: [0, 1] }, { requests: [3, 4], errors: [0, 1] }], 'errors'), [0, 2]);
  assert.deepEqual(perSecond([60, 120], 60), [1, 2]);
});

test('bins: the highest of each, cut at full steps of the clock, so that they stand still', () => {
  const at = (endsAt: number, ...column: (number | null)[]) => highestOfEach(column, 5, endsAt);
  assert.deepEqual(at(10, 1, 9, 1, 1, 1, 2, null, 3, 2, 2), [9, 3]);
  assert.deepEqual(at(11, 9, 1, 1, 1, 2, null, 3, 2, 2, 7), [3]);
  assert.deepEqual(at(10, null, null, null, null, null), [null]);
});

const done = (seconds: number, change: Partial<DaemonEvent> = {}): DaemonEvent => ({
  id: `b-${seconds}`, at: new Date(seconds * 1000).toISOString(), event: 'switch.done', level: 'info', service: 'shop', to: ['green=10', 'blue=90'], ...change,
});

test('flags: switches of the service within the span; near ones take turns between two rows', () => {
  const flags = flagsOf([done(50), done(150), done(151), done(152), done(180, { service: 'api' }), done(190, { event: 'server.up' })], 'shop', 100, 200);
  assert.deepEqual(flags.map(({ share, row }) => [share, row]), [[0.5, 0], [0.51, 1], [0.52, 0]]);
  assert.deepEqual(flags[0]!.pools, ['green', 'blue']);
});

test('absent: what a patch takes away is null again', () => {
  const running = service({ lock: { holder: 'a', reason: '', since: '', expires_at: null } });
  const status = { services: { shop: running } } as unknown as Status;
  const after = withNulls(mergePatch(status, { services: { shop: { lock: null, operation: null, rollback: { to: null } } } }) as Status);
  assert.deepEqual([after.services['shop']!.lock, after.services['shop']!.operation, after.services['shop']!.rollback.to], [null, null, null]);
});

test('split: whole percentages that add up to 100, else nothing', () => {
  assert.deepEqual(splitOf({ blue: '90', green: '10' }), ['blue=90', 'green=10']);
  assert.deepEqual(splitOf({ blue: '100', green: '' }), ['blue']);
  for (const wrong of ['101', '9.5', '-10', 'x']) assert.deepEqual(splitOf({ blue: wrong, green: '10' }), []);
});

test('split: of two pools one takes what the other gives', () => {
  assert.deepEqual(withShare({ blue: '100', green: '0' }, 'green', '30'), { blue: '70', green: '30' });
  assert.deepEqual(withShare({ blue: '100', green: '0' }, 'green', ''), { blue: '100', green: '' });
  assert.deepEqual(withShare({ a: '50', b: '50', c: '0' }, 'c', '10'), { a: '50', b: '50', c: '10' });
});
