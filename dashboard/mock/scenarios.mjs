// Worlds worth looking at.
import { World, iso, makeServer } from './world.mjs';

const pool = (name, label, servers) => ({ name, label, servers });
const servers = (net, count, change = {}) => Array.from({ length: count }, (_, at) => makeServer(`10.0.0.${net}${at + 1}:8080`, `10.0.0.${net}${at + 1}:8080`, { latency: 2.4 + at * 0.7, ...change }));

function shop(change = {}) {
  return {
    name: 'shop', perSecond: 1300, p50: 9, errorShare: 0.0001, split: ['green'], past: [['blue']],
    pools: [pool('blue', 'v1.4.1', servers(1, 2)), pool('green', 'v1.4.2', servers(2, 2))],
    decided: { at: Date.now() - 260_000, by: 'ci', reason: 'release v1.4.2', label: 'v1.4.2' },
    switches: [{ agoS: 260, from: ['blue'], to: ['green'], by: 'ci', reason: 'release v1.4.2', label: 'v1.4.2' }],
    ...change,
  };
}

const DOWN = { health: 'down', status: 503, body: '{"db":"connection refused"}', error: 'expected status 200 to 399', streak: 20, failures: 17 };
const REFUSES = { health: 'down', status: 0, error: 'connection refused', streak: 240 };

function releasing() {
  const service = shop();
  service.drainFor = 26;
  service.decided.at = Date.now() - 6000;
  service.switches[0].agoS = 6;
  for (const server of service.pools[0].servers) server.inFlight = 19;
  service.operation = {
    id: 'op-releasing', kind: 'switch', service: 'shop', phase: 'draining', by: 'ci', reason: 'release v1.4.2', label: 'v1.4.2', from: ['blue'], to: ['green'],
    revision: 43, began_at: iso(Date.now() - 8000), drain: { drained: false, finished: 61, left: 38, left_streams: 3, cut: { http: 0, stream: 0 }, took_ms: 6000, deadline_ms: 30_000 },
    superseded: false, result: null,
  };
  return service;
}

function serverDown() {
  const service = shop({ errorShare: 0.004 });
  const [blue, green] = service.pools;
  blue.servers[1] = { ...blue.servers[1], ...REFUSES, since: Date.now() - 480_000 };
  green.servers = servers(2, 4);
  green.servers[1] = { ...green.servers[1], ...DOWN, since: Date.now() - 40_000 };
  green.servers[2] = { ...green.servers[2], name: 'big', weight: 2, slowness: 1.8 };
  green.servers[3] = { ...green.servers[3], admin: 'drain', inFlight: 4, streams: 2 };
  return service;
}

function others() {
  const api = { ...shop({ perSecond: 420, p50: 4, errorShare: 0 }), name: 'api', split: ['blue'], past: [] , switches: [] };
  const www = { ...shop({ perSecond: 88, p50: 21, errorShare: 0.002 }), name: 'www', split: ['blue=90', 'green=10'], check: 'TCP connect' };
  const jobs = { ...shop({ perSecond: 12, p50: 140 }), name: 'background-jobs', switches: [] };
  jobs.pools[1].servers = jobs.pools[1].servers.map((server) => ({ ...server, ...REFUSES, since: Date.now() - 95_000 }));
  return [api, www, jobs];
}

export const SCENARIOS = {
  calm: () => new World({ services: [shop()] }),
  releasing: () => new World({ services: [releasing()] }),
  down: () => new World({ services: [serverDown()] }),
  both: () => new World({ services: [shop({ split: ['blue', 'green'], past: [['blue']], switches: [{ agoS: 300, from: ['blue'], to: ['blue', 'green'], by: 'ann', reason: 'two versions for a while', label: '' }] })] }),
  large: () => {
    const service = shop({ perSecond: 9400 });
    service.pools = [pool('blue', 'v1.4.1', servers(1, 8)), pool('green', 'v1.4.2', servers(2, 8))];
    Object.assign(service.pools[1].servers[5], DOWN, { since: Date.now() - 40_000 });
    Object.assign(service.pools[0].servers[2], REFUSES, { since: Date.now() - 400_000 });
    return new World({ services: [service] });
  },
  services: () => new World({ services: [shop(), ...others()] }),
  refusing: () => {
    const service = shop();
    Object.assign(service.pools[0].servers[1], DOWN, { since: Date.now() - 40_000 });
    return new World({ services: [service] });
  },
  locked: () => new World({ services: [shop({ lock: { holder: 'ann', reason: 'database migration', since: iso(Date.now() - 95_000), expires_at: iso(Date.now() + 1_200_000) } })] }),
};
