import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorsAround, pastRows } from '../src/model/past';
import { poolLooks } from '../src/model/pool_looks';

const drain = { drained: true, finished: 37, left: 0, left_streams: 0, cut: { http: 1, stream: 0 }, took_ms: 4210, deadline_ms: 30_000 };
const decided = { at: '2026-01-01T12:00:00Z', event: 'decided', operation: 'a', kind: 'switch', from: ['blue'], to: ['green'], by: 'ci', reason: 'r', label: 'v2', revision: 43 };

test('history: the lines of an operation are one row, with the time of the decision', () => {
  const [row, ...others] = pastRows([decided, { ...decided, at: '2026-01-01T12:00:05Z', event: 'finished', verdict: 'done', drain }]);
  assert.equal(others.length, 0);
  assert.equal(row!.at, decided.at);
  assert.equal(row!.outcome, '37 finished, 1 cut in 4.2 s');
});

test('history: newest first; refused, running, rolled back, and locks', () => {
  const error = { code: 'gate_refused', exit: 4, message: 'green refused: 1 of 2 up' };
  const rows = pastRows([
    decided,
    { ...decided, operation: 'b', event: 'refused', error },
    { ...decided, operation: 'c', event: 'finished', verdict: 'rolled_back', drain },
    { at: decided.at, event: 'locked', by: 'ann' },
  ]);
  assert.deepEqual(rows.map(({ outcome }) => outcome), ['locked', 'rolled back', 'green refused: 1 of 2 up', 'running']);
  assert.deepEqual(rows.map(({ what }) => what), ['lock taken', 'switch', 'switch', 'switch']);
  assert.deepEqual(rows.map(({ isRefused }) => isRefused), [false, false, true, false]);
});

test('history: errors before and after, where the figures reach', () => {
  const column = { requests: Array(20).fill(100), errors: [...Array(10).fill(0), ...Array(10).fill(5)] };
  assert.deepEqual(errorsAround([column], 1200, 600), { before: 0, after: 0.05 });
  assert.deepEqual(errorsAround([column], 1200, 60), { before: null, after: 0 });
  assert.deepEqual(errorsAround([column], 1200, 1200), { before: 0.05, after: null });
  assert.deepEqual(errorsAround([column], 1200, -120), { before: null, after: null });
  assert.deepEqual(errorsAround([], 1200, 600), { before: null, after: null });
});

test('looks: blue and green by name, others by place, letters told apart', () => {
  const looks = poolLooks(['green', 'blue', 'beta']);
  assert.deepEqual([looks['green']!.hue, looks['blue']!.hue, looks['beta']!.hue], ['green', 'blue', 'purple']);
  assert.deepEqual([looks['green']!.letter, looks['blue']!.letter, looks['beta']!.letter], ['G', 'B', '3']);
  assert.deepEqual(new Set(Object.values(looks).map(({ hatch }) => hatch)).size, 3);
});

test('past: what the config decided at the first start is no operation that runs', () => {
  const [row] = pastRows([{ at: '2026-01-01T12:00:00Z', event: 'decided', operation: '', to: ['blue'], by: 'config', reason: 'first start', label: '', revision: 1 }]);
  assert.deepEqual([row!.what, row!.outcome], ['config', 'done']);
});
