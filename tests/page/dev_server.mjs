// A server in memory with the API of docs/api.md, for working on the page and for testing it without a model.
//   node tests/page/dev_server.mjs [--port 8080] [--page web/chat/dist]
// The first word of a question chooses what happens: see replies.mjs, and `busy`, `full`, `fail`, `refuse`, `lost`, `think`
// below.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { reply_for } from './replies.mjs';

const kTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const kPolicy =
  "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const kHere = dirname(fileURLToPath(import.meta.url));

export class DevServer {
  threads = new Map(); // id → thread, with `owner`
  messages = new Map(); // id → message
  running = new Map(); // thread id → { stop() }
  sockets = new Set();
  requests = []; // "METHOD path", for tests
  delay_ms = 25; // between two pieces of a reply
  retry_after_s = 4;
  hold = false; // while true, replies do not go on
  busy_left = 2; // how often a `busy` question is refused before it is taken
  last_time = 0;

  constructor({ port = 0, page = join(kHere, '../../web/chat/dist') } = {}) {
    this.port = port;
    this.page = page;
  }

  async start() {
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error) => {
        console.error(error);
        if (!response.headersSent) problem(response, 500, 'Internal error', String(error));
        else response.destroy();
      });
    });
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise((done, fail) => {
      this.server.once('error', fail);
      this.server.listen(this.port, '127.0.0.1', done);
    });
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
    return this;
  }

  // As kill -9 does: connections break, replies being written become `interrupted`. Threads are kept.
  async kill() {
    for (const run of this.running.values()) run.crash();
    this.running.clear();
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  now() {
    this.last_time = Math.max(Date.now(), this.last_time + 1);
    return new Date(this.last_time).toISOString();
  }

  async handle(request, response) {
    const url = new URL(request.url, 'http://localhost');
    const path = url.pathname;
    this.requests.push(`${request.method} ${path}`);
    if (path === '/healthz' || path === '/readyz') return text(response, 200, 'ok\n');
    if (!path.startsWith('/api/')) return this.file(path, response);

    let owner = /parley_participant=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (!owner) {
      owner = randomUUID();
      response.setHeader('Set-Cookie', `parley_participant=${owner}; Path=/; HttpOnly; SameSite=Lax`);
    }
    const body = ['POST', 'PUT', 'PATCH'].includes(request.method) ? await read_json(request) : {};
    if (body === undefined) return problem(response, 400, 'Bad JSON', 'The body is not JSON.');
    const route = `${request.method} ${path.replace(/^\/api/, '').replace(/\/(threads|messages)\/[^/]+/, '/$1/ID')}`;
    const id = decodeURIComponent(/\/(?:threads|messages)\/([^/]+)/.exec(path)?.[1] ?? '');
    const thread = this.threads.get(id);
    if (route.includes('/threads/ID') && thread?.owner !== owner) {
      return problem(response, 404, 'No such thread', `There is no thread ${id}.`);
    }
    switch (route) {
      case 'GET /config':
        return json(response, 200, kConfig);
      case 'GET /threads':
        return json(response, 200, this.list(owner, url.searchParams));
      case 'POST /threads':
        return json(response, 201, open(this.make_thread(owner, body.title ?? '')));
      case 'GET /threads/ID':
        return json(response, 200, { thread: open(thread), messages: this.of_thread(id) });
      case 'PATCH /threads/ID':
        if (body.title !== undefined && !body.title.trim()) {
          return problem(response, 422, 'Bad title', 'A title needs at least one letter.');
        }
        if (body.title !== undefined) thread.title = body.title;
        if (body.head_id !== undefined) thread.head_id = body.head_id;
        return json(response, 200, open(thread));
      case 'DELETE /threads/ID':
        this.running.get(id)?.stop('stopped');
        this.threads.delete(id);
        for (const message of this.of_thread(id)) this.messages.delete(message.id);
        return response.writeHead(204).end();
      case 'POST /threads/ID/stop':
        this.running.get(id)?.stop('stopped');
        return response.writeHead(204).end();
      case 'POST /threads/ID/turns':
        return this.turn(thread, body, response);
      case 'PUT /messages/ID/feedback': {
        const message = this.messages.get(id);
        if (!message) return problem(response, 404, 'No such message', `There is no message ${id}.`);
        message.feedback = body.rating && { rating: body.rating, reason: body.reason ?? null };
        return json(response, 200, message);
      }
    }
    return problem(response, 404, 'Not found', `There is no ${path}.`);
  }

  async file(path, response) {
    const name = normalize(path === '/' ? '/index.html' : path);
    try {
      const content = await readFile(join(this.page, name));
      response.writeHead(200, {
        'Content-Type': kTypes[extname(name)] ?? 'application/octet-stream',
        'Content-Security-Policy': kPolicy,
        'X-Content-Type-Options': 'nosniff',
      });
      response.end(content);
    } catch {
      text(response, 404, 'not found\n');
    }
  }

  // --- threads and messages ---

  make_thread(owner, title) {
    const now = this.now();
    const thread = { id: randomUUID(), owner, title, created_at: now, updated_at: now, head_id: null, preview: '' };
    this.threads.set(thread.id, thread);
    return thread;
  }

  add_message(thread, role, parent_id, words, status) {
    const message = {
      id: randomUUID(),
      thread_id: thread.id,
      parent_id,
      role,
      parts: words === '' ? [] : [{ type: 'text', text: words }],
      created_at: this.now(),
      status,
      feedback: null,
    };
    this.messages.set(message.id, message);
    return message;
  }

  of_thread(id) {
    return [...this.messages.values()].filter((message) => message.thread_id === id);
  }

  list(owner, search) {
    const q = (search.get('q') ?? '').toLowerCase();
    const limit = Number(search.get('limit') ?? 50);
    let found = [...this.threads.values()]
      .filter((thread) => thread.owner === owner && (thread.head_id !== null || thread.title !== ''))
      .sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
    if (q) {
      found = found.filter(
        (thread) =>
          thread.title.toLowerCase().includes(q) ||
          this.of_thread(thread.id).some((message) => words_of(message).toLowerCase().includes(q)),
      );
    }
    const before = found.findIndex((thread) => thread.id === search.get('before'));
    if (before >= 0) found = found.slice(before + 1);
    return { threads: found.slice(0, limit).map(open), more: found.length > limit };
  }

  // --- a turn ---

  turn(thread, body, response) {
    if (this.running.has(thread.id)) {
      return problem(response, 409, 'Busy', 'A reply is being written in this thread.');
    }
    let question;
    if (typeof body.text === 'string') {
      const word = body.text.trim().split(/\s+/)[0].toLowerCase();
      if (word === '') return problem(response, 422, 'Empty message', 'Write something first.');
      if (word === 'refuse') {
        return problem(response, 422, 'Refused', 'This message cannot be taken.', 'Say it differently.');
      }
      if ((word === 'busy' || word === 'full') && this.busy_left-- > 0) {
        response.setHeader('Retry-After', String(this.retry_after_s));
        return word === 'busy'
          ? problem(response, 429, 'Too many requests', 'Wait a moment.')
          : problem(response, 503, 'No place free', 'All places are taken.');
      }
      const parent_id = body.parent_id === undefined ? thread.head_id : body.parent_id;
      if (parent_id !== null && this.messages.get(parent_id)?.thread_id !== thread.id) {
        return problem(response, 422, 'Bad parent', `There is no message ${parent_id}.`);
      }
      question = this.add_message(thread, 'user', parent_id, body.text, 'complete');
      if (thread.title === '') thread.title = body.text.split(/\s+/).slice(0, 7).join(' ').slice(0, 60);
      if (word === 'lost') {
        // Taken, but the answer never arrives and nothing is written.
        thread.head_id = question.id;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.flushHeaders(); // without any answer Chromium would send it again by itself
        return setTimeout(() => response.destroy(), 50);
      }
    } else {
      const of = this.messages.get(body.regenerate ?? body.reply_to);
      question = body.regenerate ? this.messages.get(of?.parent_id) : of;
      if (!question) return problem(response, 422, 'Bad request', 'There is no such message.');
    }
    const versions = this.of_thread(thread.id).filter((message) => message.parent_id === question.id).length;
    const reply = this.add_message(thread, 'assistant', question.id, '', 'streaming');
    thread.head_id = reply.id;
    thread.updated_at = this.now();
    thread.preview = question.parts[0].text;
    this.write(thread, question, reply, versions, response);
  }

  write(thread, question, reply, version, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send('turn', { thread: open(thread), user_message: question, assistant_message: reply });

    const asked = question.parts[0].text;
    const word = asked.trim().split(/\s+/)[0].toLowerCase();
    const pieces = reply_for(asked, version).match(/\s*\S+\s*/g) ?? [];
    const delay = word === 'slow' ? 120 : word === 'long' ? 4 : this.delay_ms;
    let timer;
    const end = (status) => {
      clearTimeout(timer);
      this.running.delete(thread.id);
      reply.status = status;
      thread.updated_at = this.now();
      thread.preview = words_of(reply).slice(0, 120) || thread.preview;
      if (status === 'error') {
        send('error', { title: 'The model failed', status: 500, detail: 'The model stopped unexpectedly.' });
      } else {
        const usage = { prompt_tokens: 12, completion_tokens: pieces.length };
        send('done', { message: reply, thread: open(thread), usage });
      }
      response.end();
    };
    // More of the last part, or the first of another.
    const add = (type, text) => {
      const last = reply.parts.at(-1);
      const index = reply.parts.length - 1;
      if (last?.type !== type) {
        const part = { type, text };
        send('part_begin', { index: index + 1, part });
        reply.parts.push(part);
      } else {
        send('part_delta', { index, text });
        last.text += text;
      }
    };
    const call = (name, args) => {
      const part = { type: 'tool_call', id: randomUUID(), name, arguments: '' };
      send('part_begin', { index: reply.parts.length, part });
      send('part_delta', { index: reply.parts.length, text: args });
      reply.parts.push({ ...part, arguments: args });
    };
    const thoughts = word === 'think' ? kThoughts.match(/\s*\S+\s*/g) : [];
    const next = () => {
      if (this.hold) return void (timer = setTimeout(next, 20));
      if (thoughts.length > 0) {
        add('reasoning', thoughts.shift());
        if (thoughts.length === 0) call('find_film', '{"mood": "cosy"}');
        return void (timer = setTimeout(next, delay));
      }
      const piece = pieces.shift();
      if (word === 'fail' && pieces.length < 20) return end('error');
      if (piece === undefined) return end(word === 'length' ? 'length' : 'complete');
      add('text', piece);
      timer = setTimeout(next, delay);
    };
    timer = setTimeout(next, word === 'wait' ? 1500 : 120);
    response.on('close', () => {
      if (reply.status === 'streaming') end('stopped');
    });
    this.running.set(thread.id, {
      stop: end,
      crash: () => {
        clearTimeout(timer);
        reply.status = 'interrupted';
      },
    });
  }
}

const kConfig = {
  assistant: {
    name: 'Lumi',
    tagline: 'Your guide to everything on Northlight',
    greeting:
      'Hello! Tell me what you are in the mood for and I will find something to watch. I can also help with your account and with playback.',
    suggestions: [
      'I want a cosy mystery for tonight',
      'Which series should I start after The Glass Harbour?',
      'How do I download a film for a flight?',
      'Something funny for the whole family',
    ],
  },
  model: { name: 'northlight-14m', parameters: 13_900_000, context: 512 },
  version: '0.1.0',
};

const kThoughts = 'The reader wants a film for tonight. Something short and kind would do.';

const open = ({ owner, ...thread }) => thread;
const words_of = (message) => message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

function text(response, status, words) {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(words);
}

function json(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function problem(response, status, title, detail, hint) {
  response
    .writeHead(status, { 'Content-Type': 'application/problem+json' })
    .end(JSON.stringify({ type: 'about:blank', title, status, detail, hint }));
}

async function read_json(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  try {
    return JSON.parse(Buffer.concat(pieces).toString() || '{}');
  } catch {
    return undefined;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const option = (name) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? undefined : process.argv[at + 1];
  };
  const page = option('--page');
  const server = await new DevServer({ port: Number(option('--port') ?? 8080), ...(page && { page }) }).start();
  console.log(`The page is at ${server.url}`);
}
