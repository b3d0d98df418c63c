// HTTP of the mock daemon: the page's files, reading, and actions, with the answers that the real one gives.
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Refusal, change, findService, setState } from './operations.mjs';
import { serviceObject } from './world.mjs';

const BUILT = new URL('../built/', import.meta.url).pathname;
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' };
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function answer(daemon, request, response) {
  const url = new URL(request.url, daemon.url);
  daemon.requests.push(`${request.method} ${url.pathname}`);
  response.on('error', () => {});
  try {
    if (url.pathname === '/' || url.pathname.startsWith('/assets/')) return await file(response, url.pathname);
    const who = identify(daemon, request);
    if (url.pathname === '/v1/whoami') return json(response, 200, { ok: true, ...who });
    if (who.role === 'none') throw new Refusal(401, 'forbidden', 8, 'reading needs a token');
    if (request.method === 'POST') return await act(daemon, request, response, url, who);
    return read(daemon, request, response, url);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.status === 429) response.setHeader('Retry-After', '60');
    if (response.headersSent) return response.end(`${JSON.stringify(error.answer)}\n`);
    return json(response, error.status, error.answer);
  }
}

async function file(response, path) {
  const name = path === '/' ? 'index.html' : path.slice('/assets/'.length);
  const content = await readFile(join(BUILT, name.replaceAll('/', ''))).catch(() => null);
  if (!content) throw new Refusal(404, 'unknown', 2, `there is no ${path}`);
  response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-cache' });
  response.end(content);
}

function json(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}

function identify(daemon, request) {
  const [, token] = /^Bearer (.*)$/.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) return { name: null, role: daemon.isPublic ? 'viewer' : 'none', services: null, actions: false };
  const now = Date.now();
  daemon.wrong = daemon.wrong.filter((at) => now - at < 60_000);
  if (daemon.wrong.length > 5) throw new Refusal(429, 'forbidden', 8, 'too many wrong tokens from this address');
  const known = daemon.tokens[token];
  if (!known) {
    daemon.wrong.push(now);
    throw new Refusal(401, 'forbidden', 8, 'the token is not one of control.dashboard.tokens');
  }
  return { name: known.name, role: known.role, services: known.services ?? null, actions: known.role !== 'viewer' };
}

function read(daemon, request, response, url) {
  const [, , what, name] = url.pathname.split('/');
  if (what === 'status') return json(response, 200, daemon.world.status());
  if (what === 'services' && name) return json(response, 200, { ok: true, ...serviceObject(findService(daemon.world, name)) });
  if (what === 'figures') return json(response, 200, { ok: true, ...daemon.figures(url.searchParams.get('window')) });
  if (what === 'history') {
    const service = url.searchParams.get('service');
    return json(response, 200, { ok: true, entries: daemon.history.filter((entry) => !service || entry.service === service).slice(-Number(url.searchParams.get('limit') ?? 50)) });
  }
  if (what === 'events') return stream(daemon, request, response);
  throw new Refusal(404, 'unknown', 2, `there is no ${url.pathname}`);
}

function stream(daemon, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const last = request.headers['last-event-id'];
  const at = daemon.events.findIndex(({ id }) => id === last);
  const events = at >= 0 ? daemon.events.slice(at + 1) : daemon.events.slice(-200);
  const id = daemon.events.at(-1)?.id ?? `${daemon.boot}-0`;
  response.write(`id: ${id}\nevent: snapshot\ndata: ${JSON.stringify({ status: daemon.told, figures: daemon.figures('15m'), events, resumed: at >= 0 })}\n\n: ping\n\n`);
  daemon.streams.add(response);
  response.on('close', () => daemon.streams.delete(response));
}

async function bodyOf(request) {
  let text = '';
  for await (const piece of request) text += piece;
  return text ? JSON.parse(text) : {};
}

async function act(daemon, request, response, url, who) {
  if (!who.actions) throw new Refusal(403, 'forbidden', 8, 'reading only: actions need a token of a deployer');
  const [, , , name, verb, poolName, , serverName] = url.pathname.split('/').map(decodeURIComponent);
  const service = findService(daemon.world, name);
  const order = { ...(await bodyOf(request)), by: who.name };
  const say = (line) => {
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.write(`${JSON.stringify(line)}\n`);
  };
  if (verb === 'pools') {
    if (who.role !== 'admin') throw new Refusal(403, 'forbidden', 8, 'servers are taken out by an admin');
    return finish(response, setState(daemon, service, poolName, serverName, order));
  }
  if (verb === 'switch') return finish(response, await change(daemon, service, order, 'switch', order.to, say));
  if (verb === 'rollback') {
    const to = service.past.at(-1);
    if (!to) throw new Refusal(409, 'conflict', 5, 'nothing to undo');
    return finish(response, await change(daemon, service, order, 'rollback', to, say));
  }
  throw new Refusal(404, 'unknown', 2, `there is no ${url.pathname}`);
}

function finish(response, result) {
  if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  response.end(`${JSON.stringify(result)}\n`);
}
