import { describe, expect, it } from 'vitest';
import { SseParser, type ServerEvent } from './sse';

const bytes = (text: string) => new TextEncoder().encode(text);

function parse(pieces: Uint8Array[]): ServerEvent[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

// A small generator of pseudo-random numbers: failures can be repeated.
function random(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

const kStream =
  '\ufeff: hello\n\nevent: turn\ndata: {"a": "ä€😀 \\n"}\n\n' +
  'event: delta\r\ndata: {"text": "one"}\r\n\r\n' +
  'data:no space\rdata:  two spaces\r\r' +
  'event\ndata\n\nid: 7\nretry: 100\nunknown: x\n\nevent: dropped\n\nevent: done\ndata: {}\n\nevent: cut\ndata: never';

const kExpected: ServerEvent[] = [
  { event: 'turn', data: '{"a": "ä€😀 \\n"}' },
  { event: 'delta', data: '{"text": "one"}' },
  { event: 'message', data: 'no space\n two spaces' },
  { event: 'message', data: '' },
  { event: 'done', data: '{}' },
];

describe('SseParser', () => {
  it('reads the whole stream at once', () => {
    expect(parse([bytes(kStream)])).toEqual(kExpected);
  });

  it('gives the same events when split in two at every byte', () => {
    const all = bytes(kStream);
    for (let at = 0; at <= all.length; at++) {
      expect(parse([all.slice(0, at), all.slice(at)]), `split at ${at}`).toEqual(kExpected);
    }
  });

  it('gives the same events byte by byte', () => {
    expect(parse([...bytes(kStream)].map((byte) => Uint8Array.of(byte)))).toEqual(kExpected);
  });

  it('reads back any events, with any line ends, cut anywhere', () => {
    const letters = ['a', ':', ' ', 'ö', '😀', '{', '"', 'data: ', '\u2028'];
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
      const word = () => Array.from({ length: Math.floor(next() * 6) }, () => pick(letters)).join('');
      const events: ServerEvent[] = [];
      let stream = '';
      const end = pick(['\n', '\r\n', '\r']);
      for (let i = 0; i < 4; i++) {
        const lines = Array.from({ length: 1 + Math.floor(next() * 3) }, word);
        const name = pick(['turn', 'delta', 'done']);
        events.push({ event: name, data: lines.join('\n') });
        if (next() < 0.3) stream += `: keep alive${end}`;
        stream += `event: ${name}${end}` + lines.map((line) => `data: ${line}${end}`).join('') + end;
      }
      const all = bytes(stream);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < all.length; ) {
        const size = 1 + Math.floor(next() * 9);
        pieces.push(all.slice(at, at + size));
        at += size;
      }
      expect(parse(pieces), `seed ${seed}`).toEqual(events);
    }
  });

  it('puts a stand-in for bytes that are not UTF-8', () => {
    expect(parse([Uint8Array.of(...bytes('data: '), 0xff, 0x0a, 0x0a)])).toEqual([
      { event: 'message', data: '\ufffd' },
    ]);
  });
});
