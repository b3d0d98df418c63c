// Node's own HTTP client against the proxy.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Client, Pool, fetch } from 'undici';
import { originAt, run } from './checks.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const at = (port, path) => `${originAt(port)}${path}`;

async function ask(dispatcher, options) {
  const answer = await dispatcher.request({ method: 'GET', ...options });
  return { ...answer, status: answer.statusCode, body: Buffer.from(await answer.body.arrayBuffer()) };
}

await run({
  // One connection, many requests in flight on it.
  async pipelining(port) {
    const client = new Client(at(port, ''), { pipelining: 10 });
    const sizes = [...Array(100).keys()].map((number) => number * 37);
    const answers = await Promise.all(sizes.map((n) => ask(client, { path: `/bytes?n=${n}` })));
    assert.deepEqual(answers.map((answer) => answer.body.length), sizes);
    await client.close();
  },

  async pool(port) {
    const pool = new Pool(at(port, ''), { connections: 20 });
    const bodies = [...Array(200).keys()].map((number) => randomBytes(number * 100 + 1));
    const answers = await Promise.all(bodies.map((body) => ask(pool, { path: '/echo', method: 'POST', body })));
    answers.forEach((answer, number) => assert.deepEqual(answer.body, bodies[number]));
    await pool.close();
  },

  async streamed_upload(port) {
    const pieces = [...Array(64).keys()].map(() => randomBytes(50_000));
    const response = await fetch(at(port, '/inspect'), { method: 'POST', body: Readable.from(pieces), duplex: 'half' });
    const seen = await response.json();
    assert.equal(seen.sha256, sha256(Buffer.concat(pieces)));
    assert.equal(seen.headers['transfer-encoding'], 'chunked');
  },

  async echo_of_a_stream(port) {
    const pieces = [...Array(40).keys()].map(() => randomBytes(100_000));
    const response = await fetch(at(port, '/echo'), { method: 'PUT', body: Readable.from(pieces), duplex: 'half' });
    assert.equal(sha256(Buffer.from(await response.arrayBuffer())), sha256(Buffer.concat(pieces)));
  },

  async compressed(port) {
    const response = await fetch(at(port, '/gzip'));
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    assert.equal(await response.text(), 'compressed by the origin '.repeat(1000));
  },

  async head_and_range(port) {
    const client = new Client(at(port, ''));
    const whole = await ask(client, { path: '/bytes?n=5000', method: 'HEAD' });
    assert.equal(whole.headers['content-length'], '5000');
    const part = await ask(client, { path: '/bytes?n=5000', headers: { range: 'bytes=10-19' } });
    assert.deepEqual([part.status, part.body.length, part.headers['content-range']], [206, 10, 'bytes 10-19/5000']);
    await client.close();
  },

  async form(port) {
    const form = new FormData();
    form.set('file', new Blob([randomBytes(300_000)]), 'blob.bin');
    form.set('name', 'täxt');
    const seen = await (await fetch(at(port, '/inspect'), { method: 'POST', body: form })).json();
    assert.ok(seen.length > 300_000 && seen.headers['content-type'].startsWith('multipart/form-data'));
  },

  // An answer that its client gives up costs neither the server nor the next request anything.
  async abort(port) {
    for (let round = 0; round < 10; round++) {
      const controller = new AbortController();
      const response = await fetch(at(port, '/bytes?n=30000000'), { signal: controller.signal });
      await response.body.getReader().read();
      controller.abort();
    }
    assert.equal((await (await fetch(at(port, '/bytes?n=10'))).arrayBuffer()).byteLength, 10);
  },

  async follows_redirects(port) {
    const response = await fetch(at(port, '/moved'), { method: 'POST', body: 'x' });
    assert.ok(response.redirected && response.url.endsWith('/other'));
  },
});
