// The words and shapes of states: colour is never the only sign.
import type { Check, Operation, Pool, Server, Service } from './contract';
import { shortened } from './format';

export type Shape = 'up' | 'down' | 'warn' | 'drain' | 'maint' | 'unknown' | 'off';
export interface StateWord {
  word: string;
  shape: Shape;
}

const SERVICE: Record<Service['state'], StateWord> = {
  ok: { word: 'OK', shape: 'up' },
  degraded: { word: 'DEGRADED', shape: 'warn' },
  down: { word: 'DOWN', shape: 'down' },
};

export function serviceState(service: Service): StateWord {
  return SERVICE[service.state];
}

// A standby server that is down alerts nobody: it is off.
export function serverState(server: Server, inActivePool: boolean): StateWord {
  if (server.admin === 'maint') return { word: 'MAINT', shape: 'maint' };
  if (server.admin === 'drain') return { word: server.in_flight > 0 ? 'DRAIN' : 'DRAINED', shape: 'drain' };
  if (server.health === 'up') return { word: 'UP', shape: 'up' };
  if (server.health === 'unknown') return { word: 'UNKNOWN', shape: 'unknown' };
  return inActivePool ? { word: 'DOWN', shape: 'down' } : { word: 'OFF', shape: 'off' };
}

export function isDraining(pool: Pool, operation: Operation | null): boolean {
  return (
    operation !== null &&
    operation.phase === 'draining' &&
    operation.kind !== 'server' &&
    !pool.active &&
    operation.from.some((entry) => poolOfEntry(entry) === pool.name)
  );
}

export function poolState(pool: Pool, operation: Operation | null): StateWord {
  if (isDraining(pool, operation)) return { word: 'DRAINING → standby', shape: 'drain' };
  if (pool.active) {
    if (pool.state === 'down') return { word: 'ACTIVE, DOWN', shape: 'down' };
    return pool.state === 'degraded' ? { word: 'ACTIVE, DEGRADED', shape: 'warn' } : { word: 'ACTIVE', shape: 'up' };
  }
  return pool.state === 'off' ? { word: 'STANDBY, OFF', shape: 'off' } : { word: 'STANDBY', shape: 'unknown' };
}

// `blue=90` names blue; `blue` as well.
export function poolOfEntry(entry: string): string {
  return entry.split('=')[0] ?? entry;
}

export function splitWords(split: string[]): string {
  return split.map((entry) => entry.replace(/=(\d+)$/, ' $1 %')).join(' + ') || 'none';
}

// Why a check fails: `GET /health → 503 "db: connection refused"`.
export function reason(check: Check, length = 512): string {
  const body = shortened(check.body, length);
  if (check.ok) return check.what;
  const quoted = body ? ` "${body}"` : '';
  if (check.status) return `${check.what} → ${check.status}${quoted}${!body && check.error ? ` ${check.error}` : ''}`;
  return `${check.what}: ${check.error || 'failed'}`;
}

const SHAPE_SAYS: Record<Shape, string> = {
  up: '●', down: '✗', warn: '▲', drain: '◐', maint: '■', unknown: '○', off: '–',
};

// The tab's title: the worst first, so that it is read in a narrow tab.
export function tabTitle(services: Service[], connected: boolean): string {
  if (!connected) return '⚠ stale · Tealgate';
  const rank = (service: Service) => ['ok', 'degraded', 'down'].indexOf(service.state);
  const worst = [...services].sort((a, b) => rank(b) - rank(a))[0];
  if (!worst) return 'Tealgate';
  const { word, shape } = serviceState(worst);
  const others = services.filter((service) => service.state !== 'ok' && service !== worst).length;
  return `${SHAPE_SAYS[shape]} ${word} ${worst.name}${others ? ` +${others}` : ''} · ${worst.active.join(' + ')} · Tealgate`;
}
