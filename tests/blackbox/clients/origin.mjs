// The server behind the proxy in test_real_clients.py: Node's http with `ws`.
//
//   /inspect      what arrived, as JSON: method, url, fields, length and hash of the body
//   /echo         the body, as it comes
//   /bytes?n=     n bytes of a pattern; honours Range
//   /gzip         compressed, whatever was asked
//   /trailers     chunked, with a trailer field
//   /events?id=   server-sent events: `first` at once, `second` after /go?id=
//   /poll?id=     answers after /go?id=
//   /page         a page with a link, a form and a script's helpers (page.html)
//   /ws…          WebSockets: echo; messages that begin with "please " are orders
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { gzipSync } from 'node:zlib';
import { WebSocketServer } from 'ws';

const PAGE = readFileSync(new URL('page.html', import.meta.url));
const gates = new Map();
const closes = [];

// A promise that /go?id= fulfils, whichever comes first.
function gate(id) {
  if (!gates.has(id)) {
    let open;
    const opened = new Promise((resolve) => (open = resolve));
    gates.set(id, { opened, open });
  }
  return gates.get(id);
}

function pattern(length) {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 255;
  return bytes;
}

async function inspect(request, response) {
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of request) {
    hash.update(piece);
    length += piece.length;
  }
  const { method, url, headers, trailers, httpVersion } = request;
  json(response, { method, url, headers, trailers, httpVersion, length, sha256: hash.digest('hex') });
}

function json(response, what) {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(what));
}

function bytes(request, response, length) {
  const all = pattern(length);
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? '');
  response.setHeader('Accept-Ranges', 'bytes');
  if (!range) {
    response.setHeader('Content-Length', length);
    return response.end(all);
  }
  const begin = range[1] ? Number(range[1]) : length - Number(range[2]);
  const end = range[1] && range[2] ? Number(range[2]) : length - 1;
  response.statusCode = 206;
  response.setHeader('Content-Range', `bytes ${begin}-${end}/${length}`);
  response.end(all.subarray(begin, end + 1));
}

async function events(response, id) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write('data: first\n\n');
  await gate(id).opened;
  response.end('data: second\n\n');
}

const server = http.createServer({ maxHeaderSize: 64 * 1024 }, async (request, response) => {
  const url = new URL(request.url === '*' ? '/inspect' : request.url, 'http://origin');
  const id = url.searchParams.get('id');
  switch (url.pathname) {
    case '/echo':
      return request.pipe(response);
    case '/bytes':
      return bytes(request, response, Number(url.searchParams.get('n')));
    case '/gzip':
      response.setHeader('Content-Encoding', 'gzip');
      return response.end(gzipSync('compressed by the origin '.repeat(1000)));
    case '/trailers':
      response.writeHead(200, { Trailer: 'X-Checksum' });
      response.write('body');
      response.addTrailers({ 'X-Checksum': '4b0d' });
      return response.end();
    case '/events':
      return events(response, id);
    case '/poll':
      await gate(id).opened;
      return response.end('news');
    case '/go':
      gate(id).open();
      return response.writeHead(204).end();
    case '/closes':
      return json(response, closes);
    case '/page':
    case '/other':
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      return response.end(PAGE);
    case '/moved':
      request.resume();
      return response.writeHead(303, { Location: '/other' }).end();
    case '/favicon.ico':
      return response.writeHead(204).end();
    default:
      return inspect(request, response);
  }
});

// WebSockets.

const options = { noServer: true, maxPayload: 64 * 1024 * 1024 };
const handleProtocols = (offered) => (offered.has('chat') ? 'chat' : false);
const plain = new WebSocketServer({ ...options, handleProtocols, perMessageDeflate: false });
const deflating = new WebSocketServer({ ...options, perMessageDeflate: { threshold: 0 } });

function obey(socket, order) {
  const [, verb, code, ...words] = order.split(' ');
  if (verb === 'close') socket.close(Number(code), words.join(' '));
  if (verb === 'die') socket.terminate();
  if (verb === 'ping') socket.once('pong', (payload) => socket.send(`pong ${payload}`)).ping(code);
}

server.on('upgrade', (request, socket, head) => {
  if (request.url.startsWith('/ws/forbidden')) {
    return socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno');
  }
  const sockets = request.url.startsWith('/ws/deflate') ? deflating : plain;
  sockets.handleUpgrade(request, socket, head, (client) => {
    if (request.url.startsWith('/ws/greets')) client.send('welcome');
    client.on('message', (data, binary) => {
      const text = binary ? '' : data.toString();
      text.startsWith('please ') ? obey(client, text) : client.send(data, { binary });
    });
    client.on('close', (code, reason) => closes.push([request.url, code, reason.toString()]));
    client.on('error', () => {});
  });
});

server.listen(0, '127.0.0.1', () => console.log(`listening on port ${server.address().port}\n`));
