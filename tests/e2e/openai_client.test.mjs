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

test('gives as many answers as asked', async () => {
  const reply = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 12, n: 3, seed: 1 });
  assert.deepEqual(reply.choices.map((each) => each.index), [0, 1, 2]);
  assert.equal(new Set(reply.choices.map((each) => each.message.content)).size, 3);
  assert.equal(reply.usage.completion_tokens, 36);
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

test('holds a reply to a schema, and tells log-probabilities', async () => {
  const schema = {
    type: 'object',
    properties: { title: { enum: ['Sea', 'Ship'] }, year: { type: 'integer', minimum: 1900, maximum: 2030 } },
    required: ['title', 'year'],
    additionalProperties: false,
  };
  const reply = await client.chat.completions.create({
    model: 'tiny', messages, max_tokens: 60, seed: 4, logprobs: true, top_logprobs: 2,
    response_format: { type: 'json_schema', json_schema: { name: 'film', strict: true, schema } },
  });
  const film = JSON.parse(reply.choices[0].message.content);
  assert.ok(['Sea', 'Ship'].includes(film.title));
  assert.ok(Number.isInteger(film.year) && film.year >= 1900 && film.year <= 2030);
  assert.equal(reply.choices[0].finish_reason, 'stop');
  for (const token of reply.choices[0].logprobs.content) {
    assert.ok(token.logprob <= 0);
    assert.equal(token.top_logprobs.length, 2);
    assert.equal(Buffer.from(token.bytes).toString(), token.token);
  }
});

test('penalties and biases are honoured', async () => {
  const ask = (change) => client.chat.completions.create({ model: 'tiny', messages, max_tokens: 12, seed: 3, ...change });
  const plain = (await ask({})).choices[0].message.content;
  assert.notEqual((await ask({ frequency_penalty: 2, presence_penalty: 2 })).choices[0].message.content, plain);
  const forced = await ask({ logit_bias: { 40: 100 }, logprobs: true });
  assert.equal(new Set(forced.choices[0].logprobs.content.map((each) => each.token)).size, 1);
});

test('legacy completions: echo and log-probabilities, as evaluation harnesses ask', async () => {
  const scored = await client.completions.create({ model: 'tiny', prompt: 'the sea and the ship', max_tokens: 0, echo: true, logprobs: 1 });
  assert.equal(scored.choices[0].text, 'the sea and the ship');
  assert.equal(scored.choices[0].logprobs.token_logprobs[0], null);
  assert.equal(scored.choices[0].logprobs.tokens.join(''), 'the sea and the ship');
  let text = '';
  for await (const chunk of await client.completions.create({ model: 'tiny', prompt: 'the', max_tokens: 9, seed: 1, stream: true })) {
    text += chunk.choices[0].text;
  }
  assert.equal(text, (await client.completions.create({ model: 'tiny', prompt: 'the', max_tokens: 9, seed: 1 })).choices[0].text);
});

test('embeddings', async () => {
  const { data, usage } = await client.embeddings.create({ model: 'tiny', input: ['the sea', 'the ship'] });
  assert.equal(data.length, 2);
  assert.ok(Math.abs(data[0].embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-4);
  assert.ok(usage.prompt_tokens > 2);
});

test('errors are the classes that programs catch', async () => {
  const create = (change) => client.chat.completions.create({ model: 'tiny', messages, max_tokens: 5, ...change });
  await assert.rejects(create({ temperature: 9 }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'temperature');
    assert.equal(error.type, 'invalid_request_error');
    return true;
  });
  await assert.rejects(create({ n: 99 }), { status: 400, param: 'n' });
  await assert.rejects(create({ audio: {} }), { status: 400, param: 'audio', code: 'unsupported_parameter' });
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
