// Server-sent events, sans IO: text goes in as it arrives, whole messages come out.
// It follows the event stream's grammar of the HTML standard, without `retry`.

export interface Message {
  event: string;
  data: string;
  id: string | null; // null: the message had none
}

export class SseParser {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private id: string | null = null;
  private afterReturn = false;

  // The messages that `text` completed.
  feed(text: string): Message[] {
    if (this.afterReturn && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') this.afterReturn = text.endsWith('\r');
    const lines = (this.rest + text).split(/\r\n|\r|\n/);
    this.rest = lines.pop() ?? '';
    const messages: Message[] = [];
    for (const line of lines) {
      const message = this.take(line);
      if (message) messages.push(message);
    }
    return messages;
  }

  private take(line: string): Message | null {
    if (line === '') return this.finish();
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon); // of a comment: none
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.event = value;
    if (name === 'data') this.data.push(value);
    if (name === 'id' && !value.includes('\0')) this.id = value;
    return null;
  }

  private finish(): Message | null {
    const { event, data, id } = this;
    this.event = '';
    this.data = [];
    this.id = null;
    return data.length === 0 ? null : { event: event || 'message', data: data.join('\n'), id };
  }
}
