import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoted, rollbackCommand, serverCommand, switchCommand } from '../src/model/commands';
import type { Whoami } from '../src/model/contract';
import { rollbackFacts, serverFacts, switchFacts } from '../src/model/facts';
import { mayRelease, mayTakeOut } from '../src/model/permissions';
import { candidates, readiness } from '../src/model/readiness';
import { ago, failing, NOW, pool, server, service } from './vocabulary';

test('commands: what the page does is what they say', () => {
  assert.equal(switchCommand({ service: 'shop' }, ['green']), 'tealgate switch -s shop green');
  assert.equal(
    switchCommand({ service: 'shop', label: 'v2', reason: "it's time" }, ['blue=90', 'green=10']),
    `tealgate switch -s shop blue=90 green=10 --label v2 --reason 'it'\\''s time'`,
  );
  assert.equal(rollbackCommand({ service: 'shop', reason: 'errors' }), 'tealgate rollback -s shop --reason errors');
  assert.equal(serverCommand({ service: 'shop' }, 'blue', '10.0.0.1:80', 'maint'), 'tealgate maint shop/blue/10.0.0.1:80');
});

test('commands: nothing leaves the quotes', () => {
  assert.equal(quoted('$(rm -rf /)'), `'$(rm -rf /)'`);
  assert.equal(quoted(''), `''`);
});

test('facts: a switch', () => {
  const blue = pool('blue', { active: true, label: 'v1', servers: [server('b', { in_flight: 37 })] });
  const facts = switchFacts(service({ pools: [blue, pool('green', { label: 'v2' })] }), ['green'], NOW);
  assert.deepEqual(facts, [
    'Send 100 % of shop from BLUE v1 to GREEN v2.',
    'green: 2 of 2 up, checked 1 s ago.',
    '37 exchanges in flight will drain; new requests go to the new split at once.',
  ]);
});

test('facts: percentages, and a lock', () => {
  const lock = { holder: 'ci', reason: '', since: ago(5), expires_at: null };
  const facts = switchFacts(service({ lock }), ['blue=90', 'green=10'], NOW).join(' ');
  assert.match(facts, /Send blue 90 % \+ green 10 % of shop from BLUE v1 to BLUE v1 and GREEN v2/);
  assert.match(facts, /No pool stops serving/);
  assert.match(facts, /held by ci: this will be refused/);
});

test('facts: a rollback says what it undoes, or why it cannot', () => {
  assert.match(rollbackFacts(service({ reason: 'v1.4.2' }), NOW)[0]!, /^Undo revision 43, decided by ci \("v1.4.2"\)\.$/);
  const nothing = service({ rollback: { to: null, possible: false, why: 'nothing to undo' } });
  assert.deepEqual(rollbackFacts(nothing, NOW), ['There is nothing to undo: nothing to undo.']);
});

test('facts: the last server of a pool that serves', () => {
  const last = server('b', { in_flight: 1 });
  const facts = serverFacts(pool('blue', { active: true, servers: [last, server('c', { health: 'down' })] }), last, 'drain');
  assert.match(facts.join(' '), /1 exchange in flight on it; 0 other servers of blue up\..*last one that is up/);
  assert.equal(serverFacts(pool('blue'), last, 'ready').length, 1);
});

test('readiness: everything well', () => {
  const shop = service();
  assert.deepEqual(readiness(shop, candidates(shop)[0]!, NOW).map(({ answer }) => answer), ['yes', 'yes', 'yes', 'yes', 'yes', 'yes']);
});

test('readiness: each gate with its own answer', () => {
  const bad = server('g', { health: 'down', check: failing() });
  const green = pool('green', { label: 'v1', servers: [bad, server('h', { admin: 'maint' })] });
  const lock = { holder: 'ann', reason: 'night', since: ago(90), expires_at: null };
  const shop = service({ lock, pools: [pool('blue', { active: true, label: 'v1' }), green] });
  const gates = readiness(shop, green, NOW);
  assert.equal(gates[0]!.text, '0 of 1 up; g: GET /health → 503 "db: connection refused"');
  assert.deepEqual(gates.map(({ answer }) => answer), ['no', 'yes', 'mind', 'no', 'yes', 'yes']);
  assert.equal(gates[3]!.text, 'held by ann for 1 min 30 s: night');
});

test('readiness: a TCP connect proves little', () => {
  const tcp = server('g', { check: { ...failing(), ok: true, what: 'TCP connect' } });
  const green = pool('green', { servers: [tcp] });
  assert.equal(readiness(service(), green, NOW)[1]!.answer, 'mind');
});

test('permissions: role, service, and whether actions are on', () => {
  const who = (change: Partial<Whoami>): Whoami => ({ name: 'ci', role: 'deployer', services: null, actions: true, ...change });
  assert.equal(mayRelease(who({}), 'shop'), true);
  assert.equal(mayRelease(who({ services: ['api'] }), 'shop'), false);
  assert.equal(mayRelease(who({ actions: false }), 'shop'), false);
  assert.equal(mayRelease(who({ role: 'viewer' }), 'shop'), false);
  assert.equal(mayRelease(null, 'shop'), false);
  assert.equal(mayTakeOut(who({}), 'shop'), false);
  assert.equal(mayTakeOut(who({ role: 'admin' }), 'shop'), true);
});
