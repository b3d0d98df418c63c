// The stream of events, kept alive: read by fetch, because EventSource cannot send a token; opened again, with the id of
// the last event, whenever it ends or falls silent.
import { headers } from './session';
import { SseParser, type Message } from '../model/sse_parser';

const SILENCE_MS = 6000; // there is a tick each second
const WAITS_MS = [500, 1000, 2000, 3000, 5000];

export interface StreamReader {
  onMessage(message: Message): void;
  onLost(retryInMs: number): void;
  // The daemon wants a token, or another one. Nothing more happens until open() is called again.
  onUnauthorised(status: number, retryAfterS: number): void;
}

export class LiveStream {
  private attempt = 0;
  private lastId: string | null = null;
  private abort: AbortController | null = null;
  private silence: number | undefined;
  private wait: number | undefined;

  constructor(
    private readonly path: string,
    private readonly reader: StreamReader,
  ) {
    const now = () => this.wait !== undefined && this.open();
    window.addEventListener('online', now);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && now());
  }

  open() {
    this.close();
    const abort = (this.abort = new AbortController());
    this.read(abort).catch((error: unknown) => {
      if (this.abort === abort) this.retry(error);
    });
  }

  close() {
    this.abort?.abort();
    this.abort = null;
    clearTimeout(this.silence);
    clearTimeout(this.wait);
    this.wait = undefined;
  }

  private async read(abort: AbortController) {
    this.listen(abort);
    const id: Record<string, string> = this.lastId === null ? {} : { 'Last-Event-ID': this.lastId };
    const response = await fetch(this.path, { headers: headers(id), signal: abort.signal, cache: 'no-store' });
    if (response.status === 401 || response.status === 403 || response.status === 429) {
      this.close();
      return this.reader.onUnauthorised(response.status, Number(response.headers.get('Retry-After') ?? 0));
    }
    if (!response.ok || !response.body) throw new Error(`answered with ${response.status}`);
    const body = response.body.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await body.read();
      if (done) throw new Error('the stream has ended');
      this.listen(abort);
      for (const message of parser.feed(decoder.decode(value, { stream: true }))) this.take(message);
    }
  }

  private take(message: Message) {
    this.attempt = 0;
    if (message.id !== null) this.lastId = message.id;
    this.reader.onMessage(message);
  }

  private listen(abort: AbortController) {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => abort.abort(new Error('nothing was heard')), SILENCE_MS);
  }

  private retry(_cause: unknown) {
    this.close();
    const base = WAITS_MS[Math.min(this.attempt++, WAITS_MS.length - 1)] ?? 5000;
    const wait = base * (0.8 + 0.4 * Math.random());
    this.wait = window.setTimeout(() => this.open(), wait);
    this.reader.onLost(wait);
  }
}
