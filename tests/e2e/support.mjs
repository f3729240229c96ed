// Starting and stopping the real program, and talking to it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { write_tiny_model } from './tiny_model.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const parley = process.env.PARLEY_BIN ?? join(root, 'build/release/bin/parley');

// One folder for a test file, removed when its process ends.
export const scratch = mkdtempSync(join(tmpdir(), 'parley-e2e-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

let made = {};
export function model(kind = 'tiny') {
  if (!made[kind]) {
    made[kind] = join(scratch, kind);
    // `slow` takes a while for a reply on any machine, so that there is time to interfere.
    write_tiny_model(made[kind], kind === 'slow' ? { width: 384, layers: 8, hidden: 1024, context: 16384 } : {});
  }
  return made[kind];
}

// A project with these serving settings; its own folder each.
let projects = 0;
export function project(serving) {
  const folder = join(scratch, `project-${++projects}`);
  mkdirSync(folder);
  const lines = Object.entries(serving).map(([name, value]) => `  ${name}: ${value}\n`);
  writeFileSync(join(folder, 'parley.yaml'), `name: e2e\npersona:\n  name: Ada\nserving:\n${lines.join('')}`);
  return folder;
}

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

export class Server {
  // Resolves when it serves. One compute thread: the machine may be busy with other tests.
  static async start(args, { port = 0 } = {}) {
    const server = new Server();
    server.child = spawn(parley, ['serve', '--port', String(port), '--threads', '1', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(server.child);
    server.log = '';
    server.out = '';
    server.ended = new Promise((done) =>
      server.child.on('close', (code, signal) => {
        running.delete(server.child);
        done({ code, signal });
      }),
    );
    server.child.stderr.on('data', (bytes) => (server.log += bytes));
    server.child.stdout.on('data', (bytes) => (server.out += bytes));
    await Promise.race([
      server.ended.then(({ code, signal }) => assert.fail(`parley serve ended (${code ?? signal}): ${server.log}`)),
      until(() => server.events().some((e) => e.event === 'serving'), 'the server to serve'),
    ]);
    server.url = server.events().find((e) => e.event === 'serving').url.replace(/\/$/, '');
    server.port = Number(new URL(server.url).port);
    return server;
  }
  events() {
    return this.log.split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  }
  kill(signal) {
    this.child.kill(signal);
  }
  async stop() {
    this.kill('SIGTERM');
    return this.ended;
  }
  async metric(name) {
    const text = await (await fetch(this.url + '/metrics')).text();
    const line = text.split('\n').find((each) => each.startsWith(name + ' '));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }
}

// Runs a command to its end.
export async function run(args, { input = '' } = {}) {
  const child = spawn(parley, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  running.add(child);
  let out = '', err = '';
  child.stdout.on('data', (bytes) => (out += bytes));
  child.stderr.on('data', (bytes) => (err += bytes));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise((done) => child.on('close', done));
  running.delete(child);
  return { code, out, err };
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(check, what, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await check()) return;
    await sleep(20);
  }
  assert.fail(`waited ${seconds} s for ${what}`);
}

// A participant of the page's API: keeps its cookie.
export class Visitor {
  constructor(server) {
    this.server = server;
    this.cookie = '';
  }
  async request(method, path, body, options = {}) {
    const response = await fetch(this.server.url + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(this.cookie ? { Cookie: this.cookie } : {}) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...options,
    });
    const set = response.headers.get('set-cookie');
    if (set) this.cookie = set.split(';')[0];
    return response;
  }
  async json(method, path, body) {
    return (await this.request(method, path, body)).json();
  }
  // The events of a turn, one by one.
  async *turn(thread, body, options) {
    const response = await this.request('POST', `/api/threads/${thread}/turns`, body, options);
    assert.equal(response.status, 200);
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      text += decoder.decode(bytes, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const event = /^event: (.*)$/m.exec(text.slice(0, end))?.[1];
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
        text = text.slice(end + 2);
        if (event) yield { event, data: JSON.parse(data) };
      }
    }
  }
}
