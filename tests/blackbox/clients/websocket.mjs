// The `ws` client against the proxy, with a `ws` server behind it.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { originAt, run, socketAt } from './checks.mjs';

const MIB = 1024 * 1024;

async function open(port, path = '/ws', protocols = [], options = {}) {
  const socket = new WebSocket(`${socketAt(port)}${path}`, protocols, { maxPayload: 64 * MIB, ...options });
  await once(socket, 'open');
  return socket;
}

// The next `count` messages, in order.
function receive(socket, count) {
  const seen = [];
  return new Promise((resolve, reject) => {
    socket.on('message', (data, binary) => {
      seen.push(binary ? data : data.toString());
      if (seen.length === count) resolve(seen);
    });
    socket.once('close', (code) => reject(new Error(`closed with ${code} after ${seen.length} of ${count}`)));
  });
}

async function closed(socket) {
  const [code, reason] = await once(socket, 'close');
  return [code, reason.toString()];
}

// What the server saw of the connection to `path`, once it has seen its end.
async function closeAtServer(port, path) {
  for (;;) {
    const closes = await (await fetch(`${originAt(port)}/closes`)).json();
    const found = closes.find(([where]) => where === path);
    if (found) return found.slice(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

await run({
  async big_frames(port) {
    const socket = await open(port);
    for (const size of [0, 1, 125, 126, 65535, 65536, MIB, 5 * MIB, 20 * MIB]) {
      const sent = randomBytes(size);
      socket.send(sent);
      const [data] = await once(socket, 'message');
      assert.ok(sent.equals(data), `${size} bytes`);
    }
    socket.terminate();
  },

  async many_frames(port) {
    const socket = await open(port);
    const sent = [...Array(20_000).keys()].map((number) => `message ${number}`);
    const seen = receive(socket, sent.length);
    sent.forEach((message) => socket.send(message));
    assert.deepEqual(await seen, sent);
    socket.terminate();
  },

  async ping_from_either_side(port) {
    const socket = await open(port);
    socket.ping('from the client');
    assert.equal((await once(socket, 'pong'))[0].toString(), 'from the client');
    socket.send('please ping server');
    assert.equal((await once(socket, 'message'))[0].toString(), 'pong server');
    socket.terminate();
  },

  async close_by_the_client(port) {
    const path = '/ws/closed-by-client';
    const socket = await open(port, path);
    socket.close(4000, 'the client leaves');
    assert.deepEqual(await closed(socket), [4000, 'the client leaves']);
    assert.deepEqual(await closeAtServer(port, path), [4000, 'the client leaves']);
  },

  async close_by_the_server(port) {
    const path = '/ws/closed-by-server';
    const socket = await open(port, path);
    socket.send('please close 4001 the server leaves');
    assert.deepEqual(await closed(socket), [4001, 'the server leaves']);
    assert.deepEqual(await closeAtServer(port, path), [4001, 'the server leaves']);
  },

  async client_dies(port) {
    const path = '/ws/client-dies';
    const socket = await open(port, path);
    socket.send('x');
    await once(socket, 'message');
    socket.terminate();
    assert.deepEqual(await closeAtServer(port, path), [1006, '']);
  },

  async server_dies(port) {
    const socket = await open(port);
    socket.send('please die');
    assert.equal((await closed(socket))[0], 1006);
  },

  async subprotocol(port) {
    const socket = await open(port, '/ws', ['other', 'chat']);
    assert.equal(socket.protocol, 'chat');
    socket.terminate();
  },

  async deflate(port) {
    const socket = await open(port, '/ws/deflate', [], { perMessageDeflate: { threshold: 0 } });
    assert.match(socket.extensions, /permessage-deflate/);
    for (const size of [10, 100_000, 5 * MIB]) {
      const sent = 'compressible '.repeat(size / 13);
      socket.send(sent);
      const [data] = await once(socket, 'message');
      assert.equal(data.toString(), sent);
    }
    socket.terminate();
  },

  // Its first frame may come in one piece with the 101.
  async server_speaks_first(port) {
    for (let round = 0; round < 20; round++) {
      const socket = new WebSocket(`${socketAt(port)}/ws/greets`);
      const [data] = await once(socket, 'message');
      assert.equal(data.toString(), 'welcome');
      socket.terminate();
    }
  },

  async upgrade_refused_by_the_server(port) {
    const socket = new WebSocket(`${socketAt(port)}/ws/forbidden`);
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    assert.equal(response.statusCode, 403);
    socket.terminate();
  },

  async fifty_at_once(port) {
    const sockets = await Promise.all([...Array(50).keys()].map(() => open(port)));
    const answers = sockets.map((socket) => receive(socket, 20));
    for (let turn = 0; turn < 20; turn++) sockets.forEach((socket, number) => socket.send(`${number}:${turn}`));
    (await Promise.all(answers)).forEach((seen, number) =>
      assert.deepEqual(seen, [...Array(20).keys()].map((turn) => `${number}:${turn}`)));
    sockets.forEach((socket) => socket.terminate());
  },
});
