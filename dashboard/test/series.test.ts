import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highestOfLast, SERVER_STEPS, SeriesStore, STEPS, summary, sumOfLast } from '../src/model/series';

const point = (requests: number, p99: number | null = 5) => ({ requests, errors: 0, p50: 1, p95: 2, p99 });
const columns = (...requests: number[]) => ({
  requests, errors: requests.map(() => 0), p50: requests.map(() => 1), p95: requests.map(() => 2), p99: requests.map(() => 3),
});
const blue = (store: SeriesStore) => store.services['shop']!.pools['blue']!;

function loaded(): SeriesStore {
  const store = new SeriesStore();
  store.load({ step_s: 1, ends_at: 100, services: { shop: { pools: { blue: { ...columns(7, 8, 9), servers: { one: columns(9) } } } } } });
  return store;
}
const told = (requests: number) => ({ shop: { pools: { blue: { ...point(requests), servers: { one: point(requests) } } }, own: { requests: 1, errors: 1 } } });

test('series: a short past is filled up in front', () => {
  const store = loaded();
  assert.equal(blue(store).requests.length, STEPS);
  assert.deepEqual(blue(store).requests.slice(-4), [0, 7, 8, 9]);
  assert.equal(blue(store).p99[0], null);
  assert.equal(blue(store).servers['one']!.requests.length, SERVER_STEPS);
});

test('series: a tick moves each column by one second', () => {
  const store = loaded();
  store.tick(101, told(10));
  assert.equal(store.endsAt, 101);
  assert.deepEqual(blue(store).requests.slice(-3), [8, 9, 10]);
  assert.equal(blue(store).requests.length, STEPS);
  assert.equal(store.services['shop']!.own.errors.at(-1), 1);
});

test('series: missed seconds are empty, a repeated one is ignored', () => {
  const store = loaded();
  store.tick(103, told(10));
  assert.deepEqual(blue(store).requests.slice(-4), [9, 0, 0, 10]);
  store.tick(103, told(99));
  assert.equal(blue(store).requests.at(-1), 10);
  assert.deepEqual(blue(store).p99.slice(-3), [null, null, 5]);
});

test('series: an hour without a tick costs no more than the window', () => {
  const store = loaded();
  store.tick(100 + 3600, told(10));
  assert.equal(sumOfLast(blue(store).requests, STEPS), 10);
});

test('series: what a tick names for the first time gets a column; what it leaves out goes on empty', () => {
  const store = loaded();
  store.tick(101, { shop: { pools: { green: { ...point(4), servers: { two: point(4) } } } } });
  assert.equal(blue(store).requests.at(-1), 0);
  assert.deepEqual(store.services['shop']!.pools['green']!.requests.slice(-2), [0, 4]);
});

test('series: a summary tells rate, share of errors, and nothing where nothing was asked', () => {
  const column = { requests: Array(60).fill(10), errors: Array(60).fill(1) };
  assert.deepEqual(summary([column, column]), { perSecond: 20, errorShare: 0.1, errors: 120 });
  assert.equal(summary([{ requests: [0], errors: [0] }]).errorShare, null);
});

test('series: the highest of the last steps', () => {
  assert.equal(highestOfLast([99, 1, null, 3], 3), 3);
  assert.equal(highestOfLast([99, null, null], 2), null);
});
