// "If I switched now": each thing that the switch would ask, with its answer as far as the page knows it. The daemon
// probes again when it is asked; these are the newest checks, not a promise.
import type { Pool, Server, Service } from './contract';
import { counted, duration, secondsBetween } from './format';
import { reason, splitWords } from './words';

export type Answer = 'yes' | 'no' | 'mind';
export interface Gate {
  name: string;
  answer: Answer;
  text: string;
}

export function readiness(service: Service, pool: Pool, now: number): Gate[] {
  return [servers(pool), checks(pool, now), version(service, pool), lock(service, now), operation(service), wayBack(service)];
}

// Where a switch of this service would most likely go: to the pools that stand by.
export function candidates(service: Service): Pool[] {
  const idle = service.pools.filter((pool) => !pool.active);
  return idle.length > 0 ? idle : service.pools;
}

function counts(server: Server): boolean {
  return server.admin === 'ready';
}

function servers(pool: Pool): Gate {
  const counting = pool.servers.filter(counts);
  const failing = counting.filter((server) => server.health !== 'up');
  const leftOut = pool.servers.length - counting.length;
  const text = `${counting.length - failing.length} of ${counting.length} up`;
  const first = failing[0];
  if (counting.length === 0) return { name: 'Servers', answer: 'no', text: 'every server is in drain or maint' };
  if (first) {
    const why = first.check ? reason(first.check, 60) : 'not checked yet';
    const more = failing.length > 1 ? `, and ${counted(failing.length - 1, 'other')}` : '';
    return { name: 'Servers', answer: 'no', text: `${text}; ${first.name}: ${why}${more}` };
  }
  if (leftOut > 0) return { name: 'Servers', answer: 'mind', text: `${text}; ${leftOut} in drain or maint do not count` };
  return { name: 'Servers', answer: 'yes', text };
}

function checks(pool: Pool, now: number): Gate {
  const made = pool.servers.flatMap((server) => (server.check ? [server.check] : []));
  const newest = made.map((check) => secondsBetween(check.at, now)).sort((a, b) => a - b)[0];
  const kinds = [...new Set(made.map((check) => check.what))];
  if (newest === undefined) return { name: 'Checks', answer: 'mind', text: 'none made yet' };
  if (kinds.every((kind) => kind === 'TCP connect' || kind === 'none')) {
    return { name: 'Checks', answer: 'mind', text: `TCP connect only, ${duration(newest)} ago` };
  }
  return { name: 'Checks', answer: 'yes', text: `${kinds.join(', ')}, ${duration(newest)} ago` };
}

function version(service: Service, pool: Pool): Gate {
  const serving = service.pools.filter((other) => other.active && other !== pool && other.label).map(({ label }) => label);
  if (!pool.label) return { name: 'Version', answer: 'mind', text: 'nothing was recorded for this pool' };
  if (serving.includes(pool.label)) return { name: 'Version', answer: 'mind', text: `${pool.label}, the same that serves` };
  return { name: 'Version', answer: 'yes', text: `last released as ${pool.label}` };
}

function lock(service: Service, now: number): Gate {
  if (!service.lock) return { name: 'Lock', answer: 'yes', text: 'unlocked' };
  const { holder, reason: why, since } = service.lock;
  const text = `held by ${holder} for ${duration(secondsBetween(since, now))}${why ? `: ${why}` : ''}`;
  return { name: 'Lock', answer: 'no', text };
}

function operation(service: Service): Gate {
  const running = service.operation;
  if (!running || running.phase === 'finished' || running.phase === 'refused') {
    return { name: 'Operation', answer: 'yes', text: 'none is running' };
  }
  const text = `${running.kind} by ${running.by} is ${running.phase}`;
  return { name: 'Operation', answer: running.phase === 'draining' ? 'mind' : 'no', text };
}

function wayBack(service: Service): Gate {
  const serving = service.pools.filter((pool) => pool.active);
  const text = `${splitWords(service.split)}: ${serving.map((pool) => `${pool.up} of ${pool.of} up`).join(', ')}`;
  return { name: 'Way back', answer: serving.every((pool) => pool.up > 0) ? 'yes' : 'mind', text };
}
