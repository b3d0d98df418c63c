import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../src/model/format';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

test('format: digits in groups of three', () => {
  assert.deepEqual([0, 999, 1000, 1234567].map((n) => plain(format.grouped(n))), ['0', '999', '1 000', '1 234 567']);
});

test('format: rates', () => {
  assert.deepEqual([0, 0.4, 9.96, 1248.3, 250_000, 3_200_000].map((n) => plain(format.rate(n))), ['0', '0.4', '10', '1 248', '250k', '3.2M']);
});

test('format: latencies', () => {
  assert.deepEqual([null, 0.34, 9.96, 84.4, 12_345].map((n) => plain(format.milliseconds(n))), ['–', '0.3', '10', '84', '12k']);
});

test('format: no error is rounded away, and no success either', () => {
  assert.deepEqual(
    [null, 0, 0.000001, 0.0002, 0.05, 0.123, 0.9999, 1].map(format.percent),
    ['–', '0', '<0.01', '0.02', '5.00', '12.3', '>99.9', '100'],
  );
});

test('format: durations', () => {
  assert.deepEqual(
    [-1, 0.9, 59, 60, 61, 601, 3600, 3660, 86_399, 86_400 * 12].map(format.duration),
    ['0 s', '0 s', '59 s', '1 min', '1 min 1 s', '10 min', '1 h', '1 h 1 min', '23 h 59 min', '12 d'],
  );
});

test('format: zones', () => {
  assert.deepEqual([0, -60, 210, -330].map(format.zone), ['UTC', 'UTC+1', 'UTC−3:30', 'UTC+5:30']);
});

test('format: a moment has its day where it is not today', () => {
  const now = new Date(2026, 0, 2, 3, 4, 5);
  assert.equal(format.moment(now, now), '03:04:05');
  assert.equal(format.moment(new Date(2026, 0, 1, 3, 4, 5), now), '2026-01-01 03:04:05');
});

test('format: one and many, and text cut where it is long', () => {
  assert.equal(format.counted(1, 'exchange'), '1 exchange');
  assert.equal(plain(format.counted(1200, 'exchange')), '1 200 exchanges');
  assert.equal(format.shortened('a  b\nc', 9), 'a b c');
  assert.equal(format.shortened('abcdef', 4), 'abc…');
});

test('format: times on an axis are as fine as they lie apart', () => {
  assert.deepEqual(format.clockTicks([0, 300].map((s) => s + 43_200)).map((text) => text.length), [5, 5]);
  assert.deepEqual(format.clockTicks([0, 30].map((s) => s + 43_200)).map((text) => text.length), [8, 8]);
  assert.deepEqual([0.01, 1, 1000, 100_000].map((n) => plain(format.decade(n))), ['0.01', '1', '1 000', '100k']);
});
