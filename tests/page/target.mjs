// What the tests are run against:
//   PARLEY_URL=http://host:port/      a server that is already running (it is not restarted)
//   PARLEY_BIN=build/release/bin/parley    `parley serve`, started and killed by the tests, with
//       PARLEY_PROJECT=DIR   a project whose model is trained, or PARLEY_MODEL=DIR   a model alone
//     Conversations are kept in a temporary file: the project is not written to.
//   neither                           the development server of this folder, whose replies are known
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DevServer } from './dev_server.mjs';

class DevTarget {
  scripted = true; // a question's first word decides the reply: see replies.mjs
  restartable = true;

  async start() {
    this.server = await new DevServer().start();
    this.url = this.server.url;
  }
  async kill() {
    await this.server.kill();
  }
  async revive() {
    await this.server.start();
  }
  async end() {
    await this.kill();
  }
}

class UrlTarget {
  scripted = false;
  restartable = false;
  url = new URL('/', process.env.PARLEY_URL).href;

  async start() {
    await ready(this.url, 5000);
  }
  async end() {}
}

class BinaryTarget {
  scripted = false;
  restartable = true;

  async start() {
    const { PARLEY_PROJECT: project, PARLEY_MODEL: model } = process.env;
    if (!project && !model) {
      throw new Error('PARLEY_BIN needs PARLEY_PROJECT, a project whose model is trained, or PARLEY_MODEL, a model.');
    }
    this.folder = await mkdtemp(join(tmpdir(), 'parley-page-tests-'));
    this.port = await free_port();
    this.words = ['serve', '--port', String(this.port), '--store', join(this.folder, 'store.db')];
    if (project) this.words.push('--project', project);
    if (model) this.words.push('--model', model);
    this.url = `http://127.0.0.1:${this.port}/`;
    await this.revive();
  }
  // kill -9: nothing is put in order.
  async kill() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGKILL');
    await gone;
  }
  async end() {
    await this.kill();
    if (this.folder) await rm(this.folder, { recursive: true });
  }
  async revive() {
    this.child = spawn(process.env.PARLEY_BIN, this.words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    this.child.stderr.on('data', (data) => (said = (said + data).slice(-4000)));
    const died = new Promise((_, fail) => {
      this.child.once('error', fail);
      this.child.once('exit', (code, signal) => {
        if (signal !== 'SIGKILL') fail(new Error(`parley serve ended with ${code ?? signal}:\n${said}`));
      });
    });
    died.catch(() => {});
    await Promise.race([ready(this.url, 60_000), died]);
  }
}

export function choose_target() {
  if (process.env.PARLEY_URL) return new UrlTarget();
  if (process.env.PARLEY_BIN) return new BinaryTarget();
  return new DevTarget();
}

async function ready(url, patience_ms) {
  const until = Date.now() + patience_ms;
  for (;;) {
    try {
      if ((await fetch(new URL('readyz', url))).ok) return;
    } catch {
      // not yet
    }
    if (Date.now() > until) throw new Error(`${url} is not ready after ${patience_ms / 1000} s.`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

function free_port() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
