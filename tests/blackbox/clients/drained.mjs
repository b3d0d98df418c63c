// The `ws` client in a drain: each of its connections is closed with 1001, cleanly. Says `ready` when the drain may come.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { run } from './checks.mjs';

const MIB = 1024 * 1024;

async function open(port, path = '/ws', options = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, [], { maxPayload: 64 * MIB, ...options });
  await once(socket, 'open');
  return socket;
}

// Its end as a browser's script would see it.
function closed(socket) {
  return new Promise((resolve, reject) => {
    socket.addEventListener('close', ({ code, wasClean }) => resolve({ code, wasClean }));
    socket.addEventListener('error', ({ error }) => reject(error));
  });
}

// Sends `message(number)` again and again, each when the last one came back.
function talk(socket, message, onThird) {
  let sent, seen = 0;
  const next = () => socket.readyState === WebSocket.OPEN && socket.send((sent = message(seen)));
  socket.on('message', (data) => {
    assert.ok(Buffer.from(sent).equals(data), 'it comes back as it was sent');
    if (++seen === 3) onThird();
    next();
  });
  next();
}

async function drain(sockets, message) {
  let talking = 0;
  const ends = sockets.map(closed);
  sockets.forEach((socket) => talk(socket, message, () => ++talking === sockets.length && console.log('ready')));
  for (const end of await Promise.all(ends)) assert.deepEqual(end, { code: 1001, wasClean: true });
}

const opened = (port, count, ...rest) => Promise.all([...Array(count).keys()].map(() => open(port, ...rest)));

await run({
  async silent(port) {
    const sockets = await opened(port, 5);
    console.log('ready');
    const ends = await Promise.all(sockets.map(closed));
    for (const end of ends) assert.deepEqual(end, { code: 1001, wasClean: true });
  },

  async talking(port) {
    await drain(await opened(port, 20), (number) => `message ${number}`);
  },

  async deflating(port) {
    const sockets = await opened(port, 5, '/ws/deflate', { perMessageDeflate: { threshold: 0 } });
    await drain(sockets, (number) => `compressible ${number} `.repeat(2000));
  },

  async big(port) {
    const data = randomBytes(8 * MIB);
    await drain(await opened(port, 3), () => data);
  },
});
