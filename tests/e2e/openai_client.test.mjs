// The openai package against parley serve: what programs written for OpenAI see.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { model, Server, until } from './support.mjs';

let server;
let client;
const messages = [{ role: 'user', content: 'Tell me a story' }];

before(async () => {
  server = await Server.start(['--model', model()]);
  client = new OpenAI({ baseURL: server.url + '/v1', apiKey: 'none needed', maxRetries: 0 });
});
after(async () => {
  assert.equal((await server.stop()).code, 0);
});

test('lists the model', async () => {
  const ids = [];
  for await (const each of client.models.list()) ids.push(each.id);
  assert.deepEqual(ids, ['tiny']);
  assert.equal((await client.models.retrieve('tiny')).owned_by, 'parley');
  await assert.rejects(client.models.retrieve('gpt-4'), OpenAI.NotFoundError);
});

test('completes', async () => {
  const reply = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 12 });
  assert.equal(reply.object, 'chat.completion');
  assert.equal(reply.choices.length, 1);
  assert.equal(reply.choices[0].message.role, 'assistant');
  assert.ok(reply.choices[0].message.content.length > 0);
  assert.equal(reply.choices[0].finish_reason, 'length');
  assert.equal(reply.usage.completion_tokens, 12);
  assert.equal(reply.usage.total_tokens, reply.usage.prompt_tokens + 12);
});

test('repeats itself with a seed', async () => {
  const ask = async () => {
    const reply = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 20, seed: 5 });
    return reply.choices[0].message.content;
  };
  assert.equal(await ask(), await ask());
});

test('streams, with usage at the end', async () => {
  const stream = await client.chat.completions.create({
    model: 'tiny', messages, max_tokens: 30, seed: 5, stream: true, stream_options: { include_usage: true },
  });
  let text = '';
  let finish;
  let usage;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.equal(finish, 'length');
  assert.equal(usage.completion_tokens, 30);
  const whole = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 30, seed: 5 });
  assert.equal(text, whole.choices[0].message.content);
});

test('streams through the helper', async () => {
  const runner = client.chat.completions.stream({ model: 'tiny', messages, max_tokens: 10 });
  let text = '';
  runner.on('content', (piece) => (text += piece));
  assert.equal((await runner.finalMessage()).content, text);
});

test('stops at a stop string', async () => {
  const whole = (await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 40, seed: 9 })).choices[0].message.content;
  const stop = whole.slice(10, 12);
  const cut = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 40, seed: 9, stop });
  assert.equal(cut.choices[0].finish_reason, 'stop');
  assert.equal(cut.choices[0].message.content, whole.slice(0, whole.indexOf(stop)));
});

test('errors are the classes that programs catch', async () => {
  const create = (change) => client.chat.completions.create({ model: 'tiny', messages, max_tokens: 5, ...change });
  await assert.rejects(create({ temperature: 9 }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'temperature');
    assert.equal(error.type, 'invalid_request_error');
    return true;
  });
  await assert.rejects(create({ n: 2 }), { status: 400, param: 'n', code: 'unsupported_value' });
  await assert.rejects(create({ messages: [] }), { status: 400, param: 'messages' });
  await assert.rejects(create({ model: 'gpt-4' }), (error) => error instanceof OpenAI.NotFoundError && error.code === 'model_not_found');
  await assert.rejects(create({ messages: [{ role: 'user', content: 'x'.repeat(5 << 20) }] }), { status: 413 });
});

test('an abort stops the reply', async () => {
  const before = await server.metric('parley_engine_cancelled_total');
  const stream = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 4000, stream: true });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) break;  // leaves the loop: the client aborts the request
  }
  await until(async () => (await server.metric('parley_turns_active')) === 0, 'the turn to end');
  assert.equal(await server.metric('parley_engine_cancelled_total'), before + 1);
});
