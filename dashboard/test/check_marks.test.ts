import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow, type Marks } from '../src/model/check_marks';
import { check, failing } from './vocabulary';

const shown = (marks: Marks | undefined) => marks?.results.map((ok) => (ok ? '+' : '-')).join('');
const seen = (...checks: ReturnType<typeof check>[]) =>
  shown(checks.reduce<Marks | undefined>((marks, each, at) => follow(marks, { ...each, at: String(at) }), undefined));

test('marks: a new page knows the streak only', () => {
  assert.equal(seen(check({ streak: 3 })), '+++');
  assert.equal(seen(check({ streak: 5000 })), '++++++++++');
});

test('marks: results are remembered across a change', () => {
  assert.equal(seen(check({ streak: 3 }), failing({ streak: 1 }), failing({ streak: 2 }), check({ streak: 1 })), '+++--+');
});

test('marks: checks between two looks are filled in from the streak', () => {
  assert.equal(seen(check({ streak: 3 }), failing({ streak: 1 }), failing({ streak: 4 })), '+++----');
});

test('marks: a run that began anew between two looks is no longer the old one', () => {
  assert.equal(seen(failing({ streak: 2 }), check({ streak: 1 }), check({ streak: 1 })), '--++');
});

test('marks: the same check seen twice counts once; without a check there are none', () => {
  const marks = follow(undefined, check({ at: 'a', streak: 2 }));
  assert.equal(follow(marks, check({ at: 'a', streak: 2 })), marks);
  assert.equal(follow(marks, null), undefined);
});
