// A parser of event streams (WHATWG HTML, "Server-sent events"), fed with bytes in pieces of any size. `EventSource`
// cannot be used: it only sends GET.

export interface ServerEvent {
  event: string;
  data: string;
}

export class SseParser {
  private decoder_ = new TextDecoder('utf-8'); // drops a byte order mark
  private line_ = '';
  private after_cr_ = false; // the last piece ended with CR: a leading LF belongs to it
  private event_ = '';
  private data_: string[] = [];

  // Returns the events that `bytes` completes. An event cut off by the end of the stream is never returned.
  push(bytes: Uint8Array): ServerEvent[] {
    let text = this.decoder_.decode(bytes, { stream: true });
    if (text === '') return [];
    if (this.after_cr_ && text.startsWith('\n')) text = text.slice(1);
    this.after_cr_ = text === '' ? false : text.endsWith('\r');
    const lines = (this.line_ + text).split(/\r\n|\r|\n/);
    this.line_ = lines.pop() ?? '';
    const events: ServerEvent[] = [];
    for (const line of lines) {
      const event = this.take_line_(line);
      if (event) events.push(event);
    }
    return events;
  }

  private take_line_(line: string): ServerEvent | null {
    if (line === '') return this.dispatch_();
    if (line.startsWith(':')) return null; // a comment, sent to keep the connection open
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.event_ = value;
    else if (field === 'data') this.data_.push(value);
    return null; // `id` and `retry` serve EventSource's own reconnecting
  }

  private dispatch_(): ServerEvent | null {
    const event = this.data_.length
      ? { event: this.event_ || 'message', data: this.data_.join('\n') }
      : null;
    this.event_ = '';
    this.data_ = [];
    return event;
  }
}
