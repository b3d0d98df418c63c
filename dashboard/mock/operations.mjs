// What the mock daemon does when it is asked to: switch, roll back, take servers out. It refuses what the real one would.
import { iso, isActive } from './world.mjs';

export class Refusal extends Error {
  constructor(status, code, exit, message, more = {}) {
    super(message);
    this.status = status;
    this.answer = { ok: false, error: { code, exit, message, ...more } };
  }
}

const unknown = (what) => new Refusal(404, 'unknown', 2, `there is no ${what}`);

export function findService(world, name) {
  const service = world.service(name);
  if (!service) throw unknown(`service ${name}`);
  return service;
}

function gate(service, to) {
  for (const entry of to) {
    const pool = service.pools.find(({ name }) => name === entry.split('=')[0]);
    if (!pool) throw unknown(`pool ${entry} in ${service.name}`);
    const failing = pool.servers.filter(({ admin, health }) => admin === 'ready' && health !== 'up');
    const of = pool.servers.filter(({ admin }) => admin === 'ready').length;
    if (failing.length === 0) continue;
    const seconds = Math.round((Date.now() - failing[0].since) / 1000);
    const [first] = failing;
    const said = first.status ? `${first.status} "${first.body}"` : first.error;
    throw new Refusal(422, 'gate_refused', 4, `${pool.name} refused: ${of - failing.length} of ${of} up; ${first.name} down ${seconds} s: GET /health → ${said}`, {
      details: failing.map((server) => ({
        pool: pool.name, server: server.name, address: server.address, check: 'GET /health', up: false, status: server.status ?? 0, latency_ms: server.latency,
        error: server.error ?? '', body: server.body ?? '', since_ms: Date.now() - server.since,
      })),
      hint: `tealgate wait ${pool.name} --healthy all`,
    });
  }
}

export function decidedWords({ name, revision }, { from, to, by, reason }) {
  return `${name}: ${from.join(' ')} → ${to.join(' ')}, revision ${revision} by ${by}${reason ? `: ${reason}` : ''}`;
}

// `say(line)` gets progress; the result is returned when the drain is over.
export async function change(daemon, service, order, kind, to, say) {
  if (service.lock && kind === 'switch') throw new Refusal(409, 'conflict', 5, `locked by ${service.lock.holder}: ${service.lock.reason}`);
  if (order.if_revision !== undefined && order.if_revision !== service.revision) {
    throw new Refusal(409, 'conflict', 5, `revision is ${service.revision}, not ${order.if_revision}`);
  }
  if (kind === 'switch') gate(service, to);
  if (JSON.stringify(to) === JSON.stringify(service.split)) return result(service, service.split, to, { changed: false });
  const from = service.split;
  const id = `op-${++daemon.counter}`;
  const tell = (progress, message) => say({ progress, message, operation: id });
  tell('gate', 'checking ' + to.join(', '));
  await daemon.pause();
  service.past = kind === 'rollback' ? [] : [from];
  service.split = to;
  service.revision += 1;
  daemon.world.generation += 1;
  service.decided = { at: Date.now(), by: order.by ?? 'ann', reason: order.reason ?? '', label: order.label ?? '' };
  for (const pool of service.pools) if (order.label && isActive(service, pool)) pool.label = order.label;
  const leaving = service.pools.filter((pool) => !isActive(service, pool)).flatMap(({ servers }) => servers);
  const left = leaving.reduce((sum, { inFlight }) => sum + inFlight, 0);
  service.operation = {
    id, kind, service: service.name, phase: 'draining', by: service.decided.by, reason: service.decided.reason, label: service.decided.label, from, to,
    revision: service.revision, began_at: iso(Date.now()), superseded: false, result: null,
    drain: { drained: false, finished: 0, left, left_streams: 0, cut: { http: 0, stream: 0 }, took_ms: 0, deadline_ms: 30_000 },
  };
  daemon.record({ event: 'decided', service: service.name, operation: id, kind, from, to, ...service.decided, at: iso(Date.now()), revision: service.revision });
  tell('decided', `revision ${service.revision}: ${from.join(' ')} → ${to.join(' ')}`);
  tell('announced', `${to.join(' and ')} serves ${service.name}`);
  const { by, reason, label } = service.decided;
  const facts = { service: service.name, operation: id, by, reason, label, from, to };
  daemon.event(`${kind}.decided`, 'info', { ...facts, message: decidedWords(service, facts) });
  const { drain } = service.operation;
  while (!drain.drained) {
    tell('draining', `${drain.left} in flight`);
    await daemon.pause();
  }
  daemon.record({ event: 'finished', service: service.name, operation: id, kind, from, to, ...service.decided, at: iso(Date.now()), revision: service.revision, drain, verdict: 'done' });
  daemon.event(`${kind}.done`, 'info', { ...facts, message: `${service.name}: ${from.join(' ')} → ${to.join(' ')} done; drained: ${drain.finished} finished, 0 cut` });
  return result(service, from, to, { changed: true, operation: id, drain });
}

function result(service, from, to, more) {
  return { ok: true, service: service.name, from, to, revision: service.revision, took_ms: 312, forced: false, gate: '2 of 2 up: GET /health', superseded: false, verdict: 'done', drain: null, ...more };
}

// A second of a drain, for the running operation of `service`.
export function drainOn(daemon, service) {
  const { operation } = service;
  if (!operation || operation.phase !== 'draining') return;
  const { drain } = operation;
  const leaving = service.pools.filter((pool) => !isActive(service, pool)).flatMap(({ servers }) => servers);
  drain.took_ms += 1000;
  const pace = service.drainFor ?? 4;
  const over = drain.took_ms >= pace * 1000;
  for (const server of leaving) server.inFlight = over ? 0 : Math.ceil(server.inFlight * (1 - 1 / pace));
  const left = leaving.reduce((sum, { inFlight }) => sum + inFlight, 0);
  drain.finished += Math.max(0, drain.left - left);
  drain.left = left;
  drain.left_streams = Math.min(drain.left_streams, left);
  if (left > 0) return;
  drain.drained = true;
  service.operation = null;
}

export function setState(daemon, service, poolName, serverName, order) {
  const server = service.pools.find(({ name }) => name === poolName)?.servers.find(({ name }) => name === serverName);
  if (!server) throw unknown(`server ${poolName}/${serverName} in ${service.name}`);
  server.admin = order.state;
  service.revision += 1;
  daemon.record({ event: 'finished', service: service.name, operation: `op-${++daemon.counter}`, kind: 'server', pool: poolName, server: serverName, from: [], to: [order.state], by: order.by ?? 'ann', reason: order.reason ?? '', at: iso(Date.now()), revision: service.revision, verdict: 'done' });
  daemon.event('server.state', 'info', { service: service.name, pool: poolName, server: serverName, by: order.by ?? 'ann', reason: order.reason ?? '', message: `${serverName} is ${order.state === 'ready' ? '' : 'in '}${order.state}` });
  return { ok: true, changed: true, service: service.name, pool: poolName, server: serverName, state: order.state, revision: service.revision, drain: null };
}
