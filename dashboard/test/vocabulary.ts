// Facts for the tests, in few words: `service({ pools: [pool('blue', { active: true })] })`.
import type { Check, Pool, Server, Service } from '../src/model/contract';

export const NOW = Date.parse('2026-01-01T12:00:00Z') / 1000;
export const ago = (seconds: number) => new Date((NOW - seconds) * 1000).toISOString();

export function check(change: Partial<Check> = {}): Check {
  return { what: 'GET /health', ok: true, status: 200, latency_ms: 3, error: '', body: '', at: ago(1), since: ago(60), streak: 12, ...change };
}

export const failing = (change: Partial<Check> = {}) => check({ ok: false, status: 503, body: 'db: connection refused', ...change });

export function server(name: string, change: Partial<Server> = {}): Server {
  return { name, address: `${name}:8080`, weight: 1, admin: 'ready', health: 'up', in_flight: 0, streams: 0, failures: 0, check: check(), ...change };
}

export function pool(name: string, change: Partial<Pool> = {}): Pool {
  const servers = change.servers ?? [server(`${name}-1`), server(`${name}-2`)];
  const up = servers.filter(({ health, admin }) => health === 'up' && admin === 'ready').length;
  return { name, share: change.active ? 100 : 0, active: false, state: 'ok', label: '', up, of: servers.length, servers, ...change };
}

export function service(change: Partial<Service> = {}): Service {
  const pools = change.pools ?? [pool('blue', { active: true, label: 'v1' }), pool('green', { label: 'v2' })];
  const active = pools.filter((each) => each.active).map(({ name }) => name);
  return {
    name: 'shop', state: 'ok', revision: 43, split: active, shares: {}, active, idle: pools.filter((each) => !each.active).map(({ name }) => name),
    since: ago(600), by: 'ci', reason: '', label: '', operation: null, lock: null,
    rollback: { to: ['green'], possible: true, why: '2 of 2 up' }, pools, ...change,
  };
}
