import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ApiError, ConnectionError, use_server, type TurnEvent } from './api';

const fetch = vi.fn<typeof globalThis.fetch>();

beforeEach(() => {
  vi.stubGlobal('fetch', fetch.mockReset());
});
afterEach(() => {
  use_server('.');
  vi.unstubAllGlobals();
});

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers });

describe('requests', () => {
  it('go to the server that the page was told', async () => {
    fetch.mockImplementation(async () => json({ threads: [], more: false }));
    await api.threads({ q: 'a b&c' });
    expect(fetch.mock.lastCall?.[0]).toBe('./api/threads?q=a+b%26c&limit=50');
    use_server('https://chat.example.org/parley');
    await api.thread('a/b');
    expect(fetch.mock.lastCall?.[0]).toBe('https://chat.example.org/parley/api/threads/a%2Fb');
  });

  it('that are refused say why', async () => {
    fetch.mockResolvedValueOnce(json({ detail: 'It is full.' }, 503, { 'Retry-After': '7' }));
    const error = await api.config().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 503, message: 'It is full.', retry_after_s: 7 });
  });

  it('that get no answer, or half a one, are a lost connection', async () => {
    fetch.mockRejectedValueOnce(new TypeError('network'));
    await expect(api.config()).rejects.toBeInstanceOf(ConnectionError);
    fetch.mockResolvedValueOnce(new Response('{"assistant":'));
    await expect(api.config()).rejects.toBeInstanceOf(ConnectionError);
    fetch.mockRejectedValueOnce(new TypeError('network'));
    expect(await api.ready()).toBe(false);
  });
});

describe('a turn', () => {
  async function take(stream: string): Promise<TurnEvent[]> {
    fetch.mockResolvedValueOnce(new Response(stream));
    const events: TurnEvent[] = [];
    for await (const event of api.turn('t', { text: 'Hi' }, new AbortController().signal)) events.push(event);
    return events;
  }

  it('ends with done, and skips events that it does not know', async () => {
    const events = await take(
      'event: later\ndata: {}\n\nevent: part_delta\ndata: {"index":0,"text":"a"}\n\n' +
        'event: done\ndata: {}\n\nevent: part_delta\ndata: {"text":"never read"}\n\n',
    );
    expect(events.map((event) => event.event)).toEqual(['part_delta', 'done']);
  });

  it('that is cut or garbled is a lost connection', async () => {
    await expect(take('event: part_delta\ndata: {"index":0,"text":"a"}\n\n')).rejects.toBeInstanceOf(ConnectionError);
    await expect(take('event: part_delta\ndata: {"te\n\n')).rejects.toBeInstanceOf(ConnectionError);
  });
});
