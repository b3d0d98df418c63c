// The app server of the black-box tests on Node's http module. It says who it is in X-Pool, X-Server and X-Version, echoes
// ids, hashes what it receives and counts the ids of the POSTs it executed. README.md beside this file has the routes.
// On SIGTERM it finishes what is in flight, closes idle connections and exits.
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');

const started = new Map();
const finished = new Map();
let broken = '';
let stopping = false;

const count = (map, id) => map.set(id, (map.get(id) || 0) + 1);

function pattern(id, length) {
  return Buffer.alloc(length, id + '\n');
}

function begin(request, response, query) {
  const fields = {
    'X-Pool': process.env.APP_POOL || '',
    'X-Server': process.env.APP_SERVER || '',
    'X-Version': process.env.APP_VERSION || '',
    'X-Id': query.get('id') || '',
    'X-Echo-Request-Id': request.headers['x-request-id'] || '',
  };
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
  if (stopping) response.setHeader('Connection', 'close');
}

function answer(response, status, text) {
  response.statusCode = status;
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

function answerBytes(response, query) {
  const body = pattern(query.get('id') || '-', Number(query.get('n') || 0));
  if (!query.has('chunked')) return answer(response, 200, body);
  const middle = Math.floor(body.length / 2);
  response.write(body.subarray(0, middle));
  response.end(body.subarray(middle));
}

function answerIds(response, query) {
  const lines = [...started.keys()].map((id) => `${id} ${started.get(id)} ${finished.get(id) || 0}\n`);
  if (query.has('clear')) {
    started.clear();
    finished.clear();
  }
  answer(response, 200, lines.join(''));
}

function receive(request, response, query, echo) {
  const id = query.get('id') || '';
  const hash = crypto.createHash('sha256');
  const pieces = [];
  let length = 0;
  count(started, id);
  request.on('data', (piece) => {
    hash.update(piece);
    length += piece.length;
    if (echo) pieces.push(piece);
  });
  request.on('end', () => {
    count(finished, id);
    answer(response, 200, echo ? Buffer.concat(pieces) : `${hash.digest('hex')} ${length}\n`);
  });
}

function route(request, response, path, query) {
  if (path === '/bytes') return answerBytes(response, query);
  if (path === '/hash') return receive(request, response, query, false);
  if (path === '/echo') return receive(request, response, query, true);
  if (path === '/ids') return answerIds(response, query);
  if (path === '/health') return answer(response, broken ? 503 : 200, broken || 'ok');
  if (path === '/break') broken = query.get('why') || 'db: connection refused';
  if (path === '/mend') broken = '';
  if (path === '/headers') return answer(response, 200, JSON.stringify(request.headers));
  return answer(response, path === '/break' || path === '/mend' ? 200 : 404, path + '\n');
}

const serve = (request, response) => {
  const url = new URL(request.url, 'http://app');
  begin(request, response, url.searchParams);
  const delay = Number(url.searchParams.get('delay') || 0);
  if (!delay) return route(request, response, url.pathname, url.searchParams);
  setTimeout(() => route(request, response, url.pathname, url.searchParams), delay);
};
const { APP_TLS_CERT: cert, APP_TLS_KEY: key } = process.env;
const server = cert
  ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) }, serve)
  : http.createServer(serve);
server.requestTimeout = 0;

process.on('SIGTERM', () => {
  stopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.listen(Number(process.env.APP_PORT || 0), '127.0.0.1', 511, () => {
  console.log(`listening on port ${server.address().port}`);
});
