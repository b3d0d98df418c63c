// A daemon that is none: it speaks docs/control-api.md on a port, for the page to be worked on and tested against.
//
//   const daemon = await MockDaemon.start({ scenario: 'calm', tokens: TOKENS });   // daemon.url
//   daemon.fail('shop', 'green', '10.0.0.22:8080');   await daemon.switchAs('ci', 'shop', ['blue']);
//   await daemon.stop();   await daemon.resume();     // dies, and returns on the same port
import { createServer } from 'node:http';
import { once } from 'node:events';
import { answer } from './routes.mjs';
import { change, decidedWords, drainOn, findService } from './operations.mjs';
import { lifeBefore } from './life_before.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { past } from './traffic.mjs';
import { iso, patchOf, shares } from './world.mjs';

export const TOKENS = {
  'look-only': { name: 'wall', role: 'viewer' },
  'may-release': { name: 'ci', role: 'deployer' },
  'may-everything': { name: 'ann', role: 'admin' },
};

export class MockDaemon {
  static async start({ scenario = 'calm', tokens = TOKENS, isPublic = true, port = 0 } = {}) {
    const daemon = new MockDaemon();
    Object.assign(daemon, { world: SCENARIOS[scenario](), tokens, isPublic, port, boot: 'b1', counter: 0, events: [], history: [], streams: new Set(), wrong: [], requests: [] });
    daemon.second = Math.floor(Date.now() / 1000);
    daemon.began = daemon.second;
    daemon.makePast();
    daemon.told = daemon.world.status();
    await daemon.resume();
    return daemon;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async resume() {
    this.server = createServer((request, response) => answer(this, request, response));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
    this.timer = setInterval(() => this.tick(), 1000);
  }

  async stop() {
    if (!this.server.listening) return;
    clearInterval(this.timer);
    this.streams.clear();
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  // Another process: it knows nothing of the events of the one before.
  rebirth() {
    this.boot = 'b2';
    this.events = [];
    this.event('daemon.started', 'info', { message: 'started' });
  }

  // The moment until the next tick, for what takes time.
  pause() {
    return new Promise((resolve) => (this.waiting ??= []).push(resolve));
  }

  makePast() {
    for (const service of this.world.services) {
      for (const { agoS, ...done } of service.switches ?? []) {
        const at = iso((this.second - agoS) * 1000);
        const common = { at, service: service.name, operation: `op-${++this.counter}`, ...done };
        this.history.push({ event: 'decided', kind: 'switch', revision: service.revision, ...common });
        if (!service.operation) this.history.push({ event: 'finished', kind: 'switch', revision: service.revision, verdict: 'done', ...common, drain: { drained: true, finished: 37, left: 0, left_streams: 0, cut: { http: 0, stream: 0 }, took_ms: 4210, deadline_ms: 30_000 } });
        this.event('switch.decided', 'info', { ...common, message: decidedWords(service, common) });
      }
      for (const pool of service.pools) {
        for (const server of pool.servers) {
          if (server.health !== 'up') this.event('server.down', 'warning', { at: iso(server.since), service: service.name, pool: pool.name, server: server.name, message: `${service.name}/${pool.name}/${server.name} down: GET /health → ${server.status ? `${server.status} ${server.body}` : server.error}` });
        }
      }
    }
    lifeBefore(this);
    this.events.sort((a, b) => a.at.localeCompare(b.at));
    this.events.forEach((event, at) => (event.id = `${this.boot}-${at + 1}`));
    this.history.sort((a, b) => a.at.localeCompare(b.at));
  }

  tick() {
    for (const resolve of this.waiting?.splice(0) ?? []) resolve();
    this.second = Math.max(this.second + 1, Math.floor(Date.now() / 1000) - 1);
    for (const service of this.world.services) drainOn(this, service);
    const services = this.world.live(this.second);
    const status = this.world.status();
    const patch = patchOf(this.told, status);
    this.told = status;
    this.send(null, 'tick', { at: this.second, ...(patch ? { status: patch } : {}), figures: { services } });
  }

  send(id, event, data) {
    const text = `${id ? `id: ${id}\n` : ''}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.streams) stream.write(text);
  }

  event(event, level, facts) {
    const told = { id: `${this.boot}-${this.events.length + 1}`, at: iso(Date.now()), event, level, ...facts };
    this.events.push(told);
    this.send(told.id, 'event', told);
  }

  record(entry) {
    this.history.push(entry);
  }

  figures(window) {
    const step = window === '24h' ? 60 : 1;
    const steps = step === 60 ? 1440 : 900;
    const services = Object.fromEntries(this.world.services.map((service) => [service.name, past(service, this.second, steps, step, (second) => this.sharesAt(service, second))]));
    return { step_s: step, ends_at: this.second, services };
  }

  sharesAt(service, second) {
    const later = (service.switches ?? []).find(({ agoS }) => second <= this.began - agoS);
    return shares(later ? { ...service, split: later.from } : service);
  }

  fail(serviceName, poolName, serverName, { status = 503, body = '{"db":"connection refused"}' } = {}) {
    const server = findService(this.world, serviceName).pools.find(({ name }) => name === poolName).servers.find(({ name }) => name === serverName);
    Object.assign(server, { health: 'down', status, body, error: '', since: Date.now(), streak: 3, checkedAt: Date.now() });
    this.event('server.down', 'warning', { service: serviceName, pool: poolName, server: serverName, message: `${serviceName}/${poolName}/${serverName} down: GET /health → ${status} ${body}` });
  }

  // As the command line would.
  switchAs(by, serviceName, to, reason = '') {
    return change(this, findService(this.world, serviceName), { by, reason }, 'switch', to, () => {});
  }
}
