import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withNulls } from '../src/model/absent';
import type { DaemonEvent, Status } from '../src/model/contract';
import { decadesAround, decadesShown } from '../src/model/decades';
import { flagsOf } from '../src/model/flags';
import { stepsKnown } from '../src/model/reach';
import { mergePatch } from '../src/model/merge_patch';
import { splitOf, withShare } from '../src/model/split';
import { highestOfEach, perSecond, stacked, summed } from '../src/model/stack';
import { service } from './vocabulary';

test('stack: the whole first, and nothing where one adds nothing', () => {
  assert.deepEqual(stacked([[1, 0, 0, 0, 2], [10, 20, 0, 0, 0]]), [[11, 20, 0, null, null], [1, 0, null, 0, 2]]);
  assert.deepEqual(stacked([]), []);
});

test('stack: a single step is drawn, from nothing and back', () => {
  assert.deepEqual(stacked([[0, 0, 3, 0, 0]]), [[null, 0, 3, 0, null]]);
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
  id: `b-${seconds}`, at: new Date(seconds * 1000).toISOString(), event: 'switch.decided', level: 'info', service: 'shop', to: ['green=10', 'blue=90'], ...change,
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

test('decades: powers of ten around all values, at least two of them', () => {
  assert.deepEqual(decadesAround([0.3, null, 44, 190]), [0.1, 1, 10, 100, 1000]);
  assert.deepEqual(decadesAround([20, 30]), [10, 100, 1000]);
  assert.deepEqual(decadesAround([0, 0.001]), [0.01, 0.1, 1]);
  assert.deepEqual(decadesAround([null]), [1, 10, 100]);
});

test('decades: every second or third where there is no room for all', () => {
  assert.deepEqual(decadesShown([0.1, 1, 10, 100], 200), [0.1, 1, 10, 100]);
  assert.deepEqual(decadesShown([0.1, 1, 10, 100], 50), [0.1, 10]);
  assert.deepEqual(decadesShown([1, 10, 100], 0), [1]);
});

test('reach: from the start of the daemon, or the first request, and never less than a minute of it', () => {
  const quiet = { requests: Array<number>(900).fill(0) };
  const busy = { requests: quiet.requests.map((_, at) => (at >= 400 ? 7 : 0)) };
  const of = (columns: { requests: number[] }[], age: number) => stepsKnown(columns, { step: 1, endsAt: 10_000, startedAt: 10_000 - age });
  assert.equal(of([quiet], 5000), 900);
  assert.equal(of([quiet], 299), 300);
  assert.equal(of([quiet], 3), 60);
  assert.equal(of([quiet, busy], 3), 500); // another daemon was there before
  assert.equal(of([], 3), 0);
});
