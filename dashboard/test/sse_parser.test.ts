import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SseParser, type Message } from '../src/model/sse_parser';

const STREAM = 'event: snapshot\nid: b-1\ndata: {"a":\ndata: 1}\n\n: ping\n\nevent: tick\r\ndata:x\r\n\r\ndata: \n\nevent: nothing\n\n';
const MESSAGES: Message[] = [
  { event: 'snapshot', data: '{"a":\n1}', id: 'b-1' },
  { event: 'tick', data: 'x', id: null },
  { event: 'message', data: '', id: null },
];

test('SSE: messages, comments, several data lines, both line ends', () => {
  assert.deepEqual(new SseParser().feed(STREAM), MESSAGES);
});

test('SSE: the same however the text is cut', () => {
  for (let size = 1; size < 9; ++size) {
    const parser = new SseParser();
    const messages: Message[] = [];
    for (let at = 0; at < STREAM.length; at += size) messages.push(...parser.feed(STREAM.slice(at, at + size)));
    assert.deepEqual(messages, MESSAGES, `in pieces of ${size}`);
  }
});

test('SSE: a message without its empty line is not told', () => {
  assert.deepEqual(new SseParser().feed('data: half\n'), []);
});
