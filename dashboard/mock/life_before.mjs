// What happened before anybody looked: events of the last quarter of an hour, history of the last days.
import { iso } from './world.mjs';

const MINUTE = 60_000;
const DAY = 86_400_000;

export function lifeBefore(daemon) {
  const [service] = daemon.world.services;
  const name = service.name;
  const server = service.pools[0].servers[0].name;
  const at = (ago) => iso(Date.now() - ago);
  daemon.event('reload.done', 'info', { at: at(14 * MINUTE), by: 'ann', message: 'the config was reloaded by ann' });
  daemon.event('server.down', 'warning', { at: at(11.2 * MINUTE), service: name, pool: service.pools[0].name, server, message: `${name}/${service.pools[0].name}/${server} down: GET /health: timed out after 2 s` });
  daemon.event('server.up', 'info', { at: at(10.6 * MINUTE), service: name, pool: service.pools[0].name, server, message: `${name}/${service.pools[0].name}/${server} up: GET /health → 200` });
  daemon.event('lock.taken', 'info', { at: at(5.1 * MINUTE), service: name, by: 'ci', reason: 'release v1.4.2', message: `${name}: locked by ci: release v1.4.2` });
  daemon.event('lock.released', 'info', { at: at(4.1 * MINUTE), service: name, by: 'ci', message: `${name}: unlocked by ci` });

  const drain = (finished, cut, took_ms) => ({ drained: true, finished, left: 0, left_streams: 0, cut: { http: cut, stream: 0 }, took_ms, deadline_ms: 30_000 });
  const switched = (ago, number, from, to, more, last) => {
    const line = { service: name, operation: `before-${number}`, kind: 'switch', from: [from], to: [to], by: 'ci', revision: number, ...more };
    daemon.record({ ...line, at: at(ago), event: 'decided' });
    daemon.record({ ...line, at: at(ago - 4000), event: 'finished', verdict: 'done', ...last });
  };
  switched(6 * DAY, 39, 'green', 'blue', { label: 'v1.4.0', reason: 'release v1.4.0' }, { drain: drain(112, 0, 3120) });
  switched(5 * DAY, 40, 'blue', 'green', { label: 'v1.4.1-rc1', reason: 'release candidate' }, { drain: drain(98, 2, 30_000) });
  switched(5 * DAY - 9 * MINUTE, 41, 'green', 'blue', { kind: 'rollback', by: 'ann', reason: 'checkout times doubled' }, { drain: drain(64, 0, 2050) });
  switched(20 * 60 * MINUTE, 42, 'green', 'blue', { label: 'v1.4.1', reason: 'release v1.4.1' }, { drain: drain(71, 0, 5480) });
  const refused = { service: name, operation: 'before-refused', kind: 'switch', from: ['blue'], to: ['green'], by: 'ci', reason: 'release v1.4.2', label: 'v1.4.2', revision: 42 };
  daemon.record({ ...refused, at: at(31 * MINUTE), event: 'refused', error: { code: 'gate_refused', exit: 4, message: 'green refused: 1 of 2 up; 10.0.0.22:8080 down 40 s: GET /health → 503 "{"db":"connection refused"}"' } });
  daemon.record({ at: at(5.1 * MINUTE), event: 'locked', service: name, by: 'ci', reason: 'release v1.4.2' });
  daemon.record({ at: at(4.1 * MINUTE), event: 'unlocked', service: name, by: 'ci' });
}
