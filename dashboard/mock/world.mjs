// What the mock daemon knows, and how it answers as STATUS. No IO.
import { pointsAt } from './traffic.mjs';

export const iso = (ms) => new Date(ms).toISOString();

export function makeServer(name, address, change = {}) {
  return { name, address, weight: 1, admin: 'ready', health: 'up', inFlight: 0, since: Date.now() - 3_600_000, streak: 3000, latency: 3, ...change };
}

export class World {
  constructor({ services, startedAt = Date.now() - 12.4 * 86_400_000 }) {
    this.services = services;
    this.startedAt = startedAt;
    this.generation = 42;
    this.finished = 48_211_907;
    for (const service of services) {
      service.revision ??= 43;
      service.decided ??= { at: Date.now() - 3_600_000, by: 'ci', reason: '', label: '' };
      service.past ??= [];
    }
  }

  service(name) {
    return this.services.find((service) => service.name === name);
  }

  // A second passes: checks are made, exchanges are in flight where requests go.
  live(second) {
    const points = {};
    for (const service of this.services) {
      points[service.name] = pointsAt(service, second, shares(service));
      for (const pool of service.pools) for (const server of pool.servers) this.liveServer(service, pool, server, points[service.name], second);
    }
    this.finished += Object.values(points).reduce((sum, { pools }) => sum + Object.values(pools).reduce((all, pool) => all + pool.requests, 0), 0);
    return points;
  }

  liveServer(service, pool, server, points, second) {
    const point = points.pools[pool.name].servers[server.name];
    if (isActive(service, pool)) server.inFlight = server.admin === 'ready' ? Math.round((point.requests * (point.p50 ?? 0) * 2) / 1000) : Math.floor(server.inFlight * 0.7);
    else if (!service.operation) server.inFlight = 0;
    if (server.admin === 'maint' || second % 2 !== 0) return;
    server.streak += 1;
    server.checkedAt = second * 1000;
  }

  status() {
    return {
      ok: true, version: '0.1.0', pid: 4711, started_at: iso(this.startedAt), generation: this.generation,
      config: { path: '/etc/tealgate/tealgate.yaml', loaded_at: iso(this.startedAt), warnings: this.warnings ?? [] },
      workers: 4, listening: ['0.0.0.0:80'], in_flight: this.services.flatMap(({ pools }) => pools).flatMap(({ servers }) => servers).reduce((sum, { inFlight }) => sum + inFlight, 0),
      finished: this.finished, client_connections: 212, refused_connections: 0,
      services: Object.fromEntries(this.services.map((service) => [service.name, serviceObject(service)])),
    };
  }
}

export const isActive = (service, pool) => service.split.some((entry) => entry.split('=')[0] === pool.name);

export function shares(service) {
  const result = Object.fromEntries(service.pools.map(({ name }) => [name, 0]));
  const weights = service.split.map((entry) => {
    const [name, percent] = entry.split('=');
    const servers = service.pools.find((pool) => pool.name === name).servers;
    return [name, percent ? Number(percent) : servers.filter(({ admin }) => admin === 'ready').reduce((sum, { weight }) => sum + weight, 0)];
  });
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0) || 1;
  for (const [name, weight] of weights) result[name] = Math.round((weight * 100) / total);
  return result;
}

const fit = ({ admin, health }) => admin === 'ready' && health === 'up';

export function poolState(service, pool) {
  const up = pool.servers.filter(fit).length;
  if (up === pool.servers.length) return 'ok';
  if (!isActive(service, pool)) return 'off';
  return up === 0 ? 'down' : 'degraded';
}

function serverObject(service, server) {
  return {
    name: server.name, address: server.address, weight: server.weight, admin: server.admin, health: server.health,
    in_flight: server.inFlight, uploading: 0, responding: server.inFlight, blocked: 0, streams: server.streams ?? 0, claims: server.inFlight, failures: server.failures ?? 0,
    check: server.admin === 'maint' ? null : {
      what: service.check ?? 'GET /health', ok: server.health === 'up', status: server.health === 'up' ? 200 : (server.status ?? 0), latency_ms: server.latency,
      error: server.health === 'up' ? '' : (server.error ?? ''), body: server.health === 'up' ? '' : (server.body ?? ''),
      at: iso(server.checkedAt ?? Date.now() - 800), since: iso(server.since), streak: server.streak,
    },
  };
}

function poolObject(service, pool) {
  return {
    name: pool.name, share: shares(service)[pool.name], active: isActive(service, pool), state: poolState(service, pool), label: pool.label ?? '',
    up: pool.servers.filter(fit).length, of: pool.servers.length, servers: pool.servers.map((server) => serverObject(service, server)),
  };
}

function rollbackObject(service) {
  const to = service.past.at(-1);
  if (!to) return { to: null, possible: false, why: 'nothing to undo' };
  const servers = service.pools.filter(({ name }) => to.some((entry) => entry.split('=')[0] === name)).flatMap((pool) => pool.servers);
  const up = servers.filter(fit).length;
  return { to, possible: up > 0, why: `${up} of ${servers.length} up` };
}

export function serviceObject(service) {
  const pools = service.pools.map((pool) => poolObject(service, pool));
  const active = pools.filter((pool) => pool.active);
  const worst = ['down', 'degraded', 'ok'].find((state) => active.some((pool) => pool.state === state)) ?? 'ok';
  return {
    name: service.name, state: worst, revision: service.revision, split: service.split, shares: shares(service), active: active.map(({ name }) => name),
    idle: pools.filter((pool) => !pool.active).map(({ name }) => name), since: iso(service.decided.at), by: service.decided.by, reason: service.decided.reason,
    label: service.decided.label, operation: service.operation ?? null, lock: service.lock ?? null, rollback: rollbackObject(service), initial: ['blue'], pools,
  };
}

// The merge patch of RFC 7396 from one JSON value to another; undefined where they are equal.
export function patchOf(before, after) {
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(before) || !isObject(after)) return JSON.stringify(before) === JSON.stringify(after) ? undefined : after;
  const patch = {};
  for (const name of Object.keys(before)) if (!(name in after) || (after[name] === null && before[name] !== null)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const difference = name in before ? patchOf(before[name], value) : value;
    if (difference !== undefined) patch[name] = difference;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}
