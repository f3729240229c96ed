// parley serve as a process: faults, signals, load.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { model, project, run, scratch, Server, sleep, until, Visitor } from './support.mjs';

const completion = (server, body, options) =>
  fetch(server.url + '/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], ...body }),
    ...options,
  });

test('greets with its address and the kernels it chose', async () => {
  const server = await Server.start(['--model', model()]);
  await until(() => server.out.includes('Ctrl-C'), 'the greeting');
  assert.match(server.out, /http:\/\/127\.0\.0\.1:\d+\/v1/);
  assert.match(server.out, /kernels +\S+ int8/);
  assert.equal((await fetch(server.url + '/readyz')).status, 200);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

// fetch() may not choose its Host.
const status_at = (server, headers) =>
  new Promise((done, failed) => {
    get({ port: server.port, path: '/v1/models', headers, agent: false }, (reply) => {
      reply.resume();
      done(reply.statusCode);
    }).on('error', failed);
  });

test('answers to the names and origins of the project, and to those that the command adds', async () => {
  const folder = project({ allow_hosts: '[chat.example.org]', cors_origins: '["https://app.example"]' });
  const server = await Server.start(['--project', folder, '--model', model(), '--allow-host', 'parley', '--cors-origin', 'https://more.example']);
  for (const host of ['chat.example.org', 'parley', 'localhost']) assert.equal(await status_at(server, { host }), 200, host);
  assert.equal(await status_at(server, { host: 'other.example.org' }), 421);
  const host = 'localhost';
  for (const origin of ['https://app.example', 'https://more.example']) assert.equal(await status_at(server, { host, origin }), 200, origin);
  assert.equal(await status_at(server, { host, origin: 'https://other.example' }), 403);
  assert.equal((await server.stop()).code, 0);
});

test('a crash while replying loses nothing that was told', async () => {
  const args = ['--project', project({ max_tokens: 15000 }), '--model', model('slow')];
  let server = await Server.start(args);
  const visitor = new Visitor(server);
  const thread = await visitor.json('POST', '/api/threads', {});
  const first = [];
  const small = { text: 'Hello there' };
  let stopping = 0;
  for await (const event of visitor.turn(thread.id, small)) {
    first.push(event);
    // A short first reply: stopped after a few words.
    if (event.event === 'part_delta' && stopping++ === 3) await visitor.request('POST', `/api/threads/${thread.id}/stop`, {});
  }
  assert.equal(first.at(-1).event, 'done');
  assert.equal(first.at(-1).data.message.status, 'stopped');

  let told = '';
  const started = Date.now();
  let turn;
  try {
    for await (const event of visitor.turn(thread.id, { text: 'And now a long one' })) {
      if (event.event === 'turn') turn = event.data;
      if (event.event === 'part_begin') told += event.data.part.text;
      if (event.event === 'part_delta') told += event.data.text;
      assert.notEqual(event.event, 'done', 'the reply ended before it could be interrupted');
      if (Date.now() - started > 1300 && told.length > 20) server.kill('SIGKILL');
    }
    assert.fail('the stream ended well');
  } catch (error) {
    assert.match(String(error.cause?.code ?? error), /SOCKET|terminated|ECONNRESET/);
  }
  assert.equal((await server.ended).signal, 'SIGKILL');

  server = await Server.start(args);
  visitor.server = server;
  const kept = await visitor.json('GET', `/api/threads/${thread.id}`);
  assert.equal(kept.messages.length, 4);
  assert.deepEqual(kept.messages[1], first.at(-1).data.message);
  assert.equal(kept.messages[2].id, turn.user_message.id);
  assert.equal(kept.messages[2].parts[0].text, 'And now a long one');
  assert.equal(kept.messages[3].status, 'interrupted');
  const partial = kept.messages[3].parts[0].text;
  assert.ok(partial.length > 0, 'half a second of the reply, at least, was kept');
  assert.ok(told.startsWith(partial) || partial.startsWith(told), 'and it is what was told');
  const found = await visitor.json('GET', '/api/threads?q=hello');
  assert.equal(found.threads[0].id, thread.id);
  // The interrupted reply can be asked for again.
  for await (const event of visitor.turn(thread.id, { regenerate: kept.messages[3].id })) {
    if (event.event === 'part_delta') break;
  }
  assert.equal((await server.stop()).code, 0);
});

test('SIGTERM finishes what is streaming', async () => {
  const server = await Server.start(['--model', model('slow')]);
  const response = await completion(server, { stream: true, max_tokens: 400 });
  const reader = response.body.getReader();
  await reader.read();
  server.kill('SIGTERM');
  await until(async () => {
    try {
      return (await fetch(server.url + '/readyz')).status === 503;
    } catch {
      return true;
    }
  }, 'new connections to be refused');
  let text = '';
  const decoder = new TextDecoder();
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += decoder.decode(part.value);
  assert.match(text.slice(-400), /"finish_reason":"length"/);
  assert.ok(text.endsWith('data: [DONE]\n\n'));
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});

test('a second signal ends at once, and says so', async () => {
  const server = await Server.start(['--model', model('slow')]);
  const response = await completion(server, { stream: true, max_tokens: 15000 });
  const reader = response.body.getReader();
  await reader.read();
  server.kill('SIGINT');
  await until(() => server.events().some((e) => e.event === 'stopping'), 'the first signal');
  server.kill('SIGINT');
  let text = '';
  const decoder = new TextDecoder();
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += decoder.decode(part.value);
  assert.match(text.slice(-400), /"error"/);
  assert.equal((await server.ended).code, 0);
});

test('a client that goes away stops its reply', async () => {
  const server = await Server.start(['--model', model('slow')]);
  for (const stream of [true, false]) {
    const before = await server.metric('parley_engine_cancelled_total');
    const abort = new AbortController();
    const request = completion(server, { stream, max_tokens: 15000 }, { signal: abort.signal });
    request.catch(() => {});
    await until(async () => (await server.metric('parley_engine_running')) === 1, 'the reply to run');
    if (stream) await request;
    abort.abort();
    await until(async () => (await server.metric('parley_engine_cancelled_total')) === before + 1, 'the cancel');
    await until(async () => (await server.metric('parley_turns_active')) === 0, 'the turn to end');
  }
  await server.stop();
});

test('a port in use is named, with what to do', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => holder.once('listening', done));
  const { port } = holder.address();
  const { code, err } = await run(['serve', '--model', model(), '--port', String(port)]);
  holder.close();
  assert.equal(code, 5);
  assert.match(err, new RegExp(`error: port ${port} on 127\\.0\\.0\\.1 is in use`));
  assert.match(err, / hint: .*--port/);
});

test('a missing model or project is named, with what to do', async () => {
  const model_missing = await run(['serve', '--model', join(scratch, 'nothing')]);
  assert.equal(model_missing.code, 4);
  assert.match(model_missing.err, /no such model/);
  const project_missing = await run(['serve', '--project', join(scratch, 'nothing')]);
  assert.equal(project_missing.code, 4);
  assert.match(project_missing.err, /hint:/);
});

test('two hundred streams at once: none fails, the queue shows', async () => {
  const server = await Server.start(['--project', project({ max_concurrent: 8 }), '--model', model()]);
  let most_waiting = 0;
  let watching = true;
  const watch = (async () => {
    while (watching) {
      most_waiting = Math.max(most_waiting, await server.metric('parley_engine_waiting'));
      await sleep(5);
    }
  })();
  const replies = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const response = await completion(server, { stream: true, max_tokens: 300, seed: i });
      assert.equal(response.status, 200);
      const text = await response.text();
      assert.ok(text.endsWith('data: [DONE]\n\n'), `stream ${i} was cut`);
      return text;
    }),
  );
  watching = false;
  await watch;
  assert.equal(replies.length, 200);
  assert.ok(most_waiting > 0, 'nobody was seen waiting');
  assert.equal(await server.metric('parley_turns_total{ended="length"}'), 200);
  assert.equal(await server.metric('parley_engine_waiting'), 0);
  assert.equal((await server.stop()).code, 0);
});

test('a reply does not depend on what else is being said', async () => {
  const server = await Server.start(['--model', model()]);
  const ask = async (seed) => {
    const body = await (await completion(server, { max_tokens: 50, seed, temperature: 2 })).json();
    return body.choices[0].message.content;
  };
  const alone = await ask(42);
  const together = await Promise.all([42, 1, 2, 42, 3, 4, 5, 42].map(ask));
  assert.equal(together[0], alone);
  assert.equal(together[3], alone);
  assert.equal(together[7], alone);
  assert.notEqual(together[1], alone);
  await server.stop();
});

test('a body of 50 MB and JSON 100,000 levels deep are refused', async () => {
  const server = await Server.start(['--model', model()]);
  const huge = await fetch(server.url + '/v1/chat/completions', { method: 'POST', body: Buffer.alloc(50 << 20, 32) });
  assert.equal(huge.status, 413);
  const deep = await fetch(server.url + '/v1/chat/completions', { method: 'POST', body: '['.repeat(100_000) });
  assert.equal(deep.status, 400);
  assert.match((await deep.json()).error.message, /nested deeper/);
  assert.equal((await fetch(server.url + '/healthz')).status, 200);
  await server.stop();
});

test('log lines are JSON and hold no message text', async () => {
  const server = await Server.start(['--model', model()]);
  await completion(server, { messages: [{ role: 'user', content: 'a very private matter' }], max_tokens: 5 });
  await server.stop();
  assert.ok(!server.log.includes('private matter'));
  const lines = server.log.trim().split('\n').map((line) => JSON.parse(line));
  const turn = lines.find((line) => line.event === 'turn');
  assert.equal(turn.reply_tokens, 5);
  assert.equal(lines.find((line) => line.event === 'request' && line.id === turn.id).status, 200);
});
