// The client of the server's /api (docs/api.md): its objects, its requests and its errors.
import { plain_text_of, type PartEvent } from './message_parts';
import type { Part } from './parts';
import { SseParser } from './sse';

export type MessageStatus = 'complete' | 'streaming' | 'stopped' | 'length' | 'interrupted' | 'error';

export interface Feedback {
  rating: 'up' | 'down';
  reason: string | null;
}

export interface Message {
  id: string;
  thread_id: string;
  parent_id: string | null;
  role: 'user' | 'assistant';
  parts: Part[];
  created_at: string;
  status: MessageStatus;
  feedback: Feedback | null;
}

export interface Thread {
  id: string;
  title: string;
  created_at: string;
  updated_at: string;
  head_id: string | null;
  preview: string;
}

export interface Config {
  assistant: { name: string; tagline: string; greeting: string; suggestions: string[] };
  model: { name: string; parameters: number; context: number };
  version: string;
}

// A turn to take. `parent_id` left out means: under the thread's head.
export type TurnRequest =
  | { text: string; parent_id?: string | null }
  | { regenerate: string }
  | { reply_to: string };

export type TurnEvent =
  | { event: 'turn'; data: { thread: Thread; user_message: Message; assistant_message: Message } }
  | PartEvent
  | { event: 'done'; data: { message: Message; thread: Thread } }
  | { event: 'error'; data: Problem };

// RFC 9457, as the server sends it.
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  hint?: string;
}

// The server answered, and said no.
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
    readonly retry_after_s: number | null = null,
  ) {
    super(problem.detail ?? problem.title ?? `status ${status}`);
  }
}

// There was no answer, or it ended too early.
export class ConnectionError extends Error {}

export function text_of(message: Message): string {
  return plain_text_of(message.parts);
}

let server = '.'; // relative to the page

// For a page that is mounted below the server's root, or elsewhere: `address` without a slash at its end.
export function use_server(address: string): void {
  server = address;
}

async function send(
  method: string,
  path: string,
  body?: unknown,
  options: { signal?: AbortSignal; keepalive?: boolean } = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(server + path, {
      method,
      ...options,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ConnectionError('no answer from the server');
  }
  if (!response.ok) throw await api_error(response);
  return response;
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new ConnectionError('the answer was cut short');
  }
}

async function api_error(response: Response): Promise<ApiError> {
  let problem: Problem = {};
  try {
    const body: unknown = await response.json();
    if (body !== null && typeof body === 'object') problem = body as Problem;
  } catch {
    // Not the server's own words: a proxy's page, perhaps.
  }
  return new ApiError(response.status, problem, retry_after(response.headers.get('Retry-After')));
}

// Seconds, from a number of seconds or an HTTP date.
export function retry_after(value: string | null, now: number = Date.now()): number | null {
  if (value === null) return null;
  const seconds = /^\s*\d+\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}

const path_of = (...pieces: string[]) => '/api/' + pieces.map(encodeURIComponent).join('/');

export const api = {
  async ready(): Promise<boolean> {
    try {
      await send('GET', '/readyz', undefined, { signal: AbortSignal.timeout(5000) });
      return true;
    } catch {
      return false;
    }
  },

  async config(): Promise<Config> {
    return json(await send('GET', '/api/config'));
  },

  async threads(
    query: { q?: string; before?: string; limit?: number },
    signal?: AbortSignal,
  ): Promise<{ threads: Thread[]; more: boolean }> {
    const search = new URLSearchParams();
    if (query.q) search.set('q', query.q);
    if (query.before) search.set('before', query.before);
    search.set('limit', String(query.limit ?? 50));
    return json(await send('GET', `/api/threads?${search}`, undefined, signal ? { signal } : {}));
  },

  async create_thread(signal?: AbortSignal): Promise<Thread> {
    return json(await send('POST', '/api/threads', {}, signal ? { signal } : {}));
  },

  async thread(id: string): Promise<{ thread: Thread; messages: Message[] }> {
    return json(await send('GET', path_of('threads', id)));
  },

  async change_thread(id: string, change: { title?: string; head_id?: string }): Promise<Thread> {
    return json(await send('PATCH', path_of('threads', id), change));
  },

  // `keepalive` lets the request outlive the page.
  async delete_thread(id: string, keepalive = false): Promise<void> {
    await send('DELETE', path_of('threads', id), undefined, { keepalive });
  },

  async stop(id: string): Promise<void> {
    await send('POST', path_of('threads', id, 'stop'), {});
  },

  async feedback(id: string, rating: 'up' | 'down' | null, reason?: string): Promise<Message> {
    const body = reason === undefined ? { rating } : { rating, reason };
    return json(await send('PUT', path_of('messages', id, 'feedback'), body));
  },

  // Ends after `done` or `error`; throws ConnectionError if the stream ends before either.
  async *turn(id: string, request: TurnRequest, signal: AbortSignal): AsyncGenerator<TurnEvent> {
    const response = await send('POST', path_of('threads', id, 'turns'), request, { signal });
    if (!response.body) throw new ConnectionError('the answer has no body');
    const reader = response.body.getReader();
    const parser = new SseParser();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new ConnectionError('the reply was cut short');
        for (const event of parser.push(value)) {
          const parsed = parse_event(event.event, event.data);
          if (!parsed) continue;
          yield parsed;
          if (parsed.event === 'done' || parsed.event === 'error') return;
        }
      }
    } catch (error) {
      if (signal.aborted || error instanceof ConnectionError) throw error;
      throw new ConnectionError('the connection broke off');
    } finally {
      reader.cancel().catch(() => {});
    }
  },
};

const kTurnEvents = ['turn', 'part_begin', 'part_delta', 'part_withdrawn', 'done', 'error'];

function parse_event(event: string, data: string): TurnEvent | null {
  if (!kTurnEvents.includes(event)) return null;
  try {
    return { event, data: JSON.parse(data) } as TurnEvent;
  } catch {
    throw new ConnectionError('the reply was garbled');
  }
}
