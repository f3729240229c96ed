// Several models in one server, in every form that a model comes in: a folder, a GGUF file, a packed file.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { write_gguf } from './gguf.mjs';
import { model, run, scratch, Server } from './support.mjs';

const kTemplate =
  '{% if tools %}{% for t in tools %}{{ t.function.name }} {% endfor %}<tool_call>{% endif %}' +
  '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}<|assistant|>';
const messages = [{ role: 'user', content: 'Tell me a story' }];
const folder = join(scratch, 'models');

let server;
let client;
before(async () => {
  mkdirSync(folder);
  cpSync(model(), join(folder, 'as-folder'), { recursive: true });
  write_gguf(model(), join(folder, 'as-gguf.gguf'), kTemplate);
  const packed = await run(['model', 'pack', model(), '-o', join(folder, 'as-packed.parley')]);
  assert.equal(packed.code, 0, packed.err);
  server = await Server.start(['--model', model(), '--models', folder, '--models-memory', '64MiB', '--kv-memory', '8MiB']);
  client = new OpenAI({ baseURL: server.url + '/v1', apiKey: 'none needed', maxRetries: 0 });
});
after(async () => {
  assert.equal((await server.stop()).code, 0);
});

const loaded = async () => {
  const list = await (await fetch(server.url + '/v1/models')).json();
  return Object.fromEntries(list.data.map((each) => [each.id, each.loaded]));
};

test('are listed, and loaded when they are asked for', async () => {
  assert.deepEqual(await loaded(), { tiny: true, 'as-folder': false, 'as-gguf': false, 'as-packed': false });
  const reply = await client.chat.completions.create({ model: 'as-gguf', messages, max_tokens: 5 });
  assert.equal(reply.model, 'as-gguf');
  assert.deepEqual(await loaded(), { tiny: true, 'as-folder': false, 'as-gguf': true, 'as-packed': false });
});

test('say the same in every form', async () => {
  const settings = { messages, max_tokens: 60, seed: 11, temperature: 0.9, logprobs: true, top_logprobs: 2 };
  const told = {};
  for (const name of ['tiny', 'as-folder', 'as-gguf', 'as-packed']) {
    const reply = await client.chat.completions.create({ model: name, ...settings });
    told[name] = reply.choices[0];
    assert.equal(told[name].message.content.length, 60);
  }
  for (const name of ['as-folder', 'as-gguf', 'as-packed']) assert.deepEqual(told[name], told.tiny, name);
});

test('a GGUF file and a packed file generate in the terminal too', async () => {
  const options = ['--prompt', 'Once', '--tokens', '20', '--seed', '3'];
  const plain = await run(['generate', model(), ...options]);
  assert.equal(plain.code, 0, plain.err);
  for (const file of ['as-gguf.gguf', 'as-packed.parley']) {
    const same = await run(['generate', join(folder, file), ...options]);
    assert.equal(same.out, plain.out, same.err);
  }
});

test('several answers, streamed together', async () => {
  const stream = await client.chat.completions.create({ model: 'as-packed', messages, n: 3, seed: 5, max_tokens: 20, stream: true });
  const texts = ['', '', ''];
  const ends = [0, 0, 0];
  for await (const chunk of stream) {
    for (const choice of chunk.choices) {
      texts[choice.index] += choice.delta.content ?? '';
      if (choice.finish_reason) ++ends[choice.index];
    }
  }
  assert.deepEqual(ends, [1, 1, 1]);
  assert.equal(new Set(texts).size, 3);
  const second = await client.chat.completions.create({ model: 'as-packed', messages, seed: 6, max_tokens: 20 });
  assert.equal(second.choices[0].message.content, texts[1]);
});

test('a tool call that is asked for comes, with arguments that fit', async () => {
  const tools = ['find', 'play'].map((name) => ({
    type: 'function',
    function: {
      name,
      parameters: {
        type: 'object', properties: { loud: { type: 'boolean' }, how: { enum: ['once', 'twice'] } },
        required: ['loud', 'how'], additionalProperties: false,
      },
    },
  }));
  const reply = await client.chat.completions.create({
    model: 'as-gguf', messages, tools, tool_choice: { type: 'function', function: { name: 'play' } }, max_tokens: 400,
  });
  assert.equal(reply.choices[0].finish_reason, 'tool_calls');
  const [call] = reply.choices[0].message.tool_calls;
  assert.equal(call.function.name, 'play');
  const given = JSON.parse(call.function.arguments);
  assert.equal(typeof given.loud, 'boolean');
  assert.ok(['once', 'twice'].includes(given.how));
  await assert.rejects(
    client.chat.completions.create({ model: 'as-gguf', messages, tools, tool_choice: { type: 'function', function: { name: 'sing' } } }),
    OpenAI.BadRequestError,
  );
});

test('take turns in little memory', async () => {
  const small = await Server.start(['--model', model(), '--models', folder, '--models-memory', '3MiB', '--kv-memory', '2MiB']);
  const other = new OpenAI({ baseURL: small.url + '/v1', apiKey: 'none needed', maxRetries: 0 });
  for (let i = 0; i < 6; ++i) {
    const name = ['as-folder', 'as-gguf', 'as-packed'][i % 3];
    const reply = await other.chat.completions.create({ model: name, messages, max_tokens: 8, seed: 1 });
    assert.equal(reply.choices[0].message.content.length, 8);
  }
  assert.ok(small.events().filter((each) => each.event === 'model.unloaded').length >= 4);
  assert.equal((await small.stop()).code, 0);
});

test('a draft model changes no word', async () => {
  const plain = await run(['generate', model(), '--prompt', 'Once', '--tokens', '40', '--seed', '4']);
  const drafted = await run(['generate', model(), '--draft', model(), '--prompt', 'Once', '--tokens', '40', '--seed', '4']);
  assert.equal(drafted.out, plain.out, drafted.err);
});

// Each of these is a small request that would cost an unguarded server much time or memory, or its life.
test('hostile requests are refused or answered, and hold nobody up', async () => {
  const deep = (n) => Array.from({ length: n }).reduce((inner) => ({ type: 'object', properties: { a: inner } }), { type: 'string' });
  const chat = { messages, max_tokens: 4 };
  const hostile = [
    { ...chat, guided_regex: '(a*)*'.repeat(50) + 'b' },
    { ...chat, guided_regex: '(x{1000}){1000}' },
    { ...chat, guided_regex: '('.repeat(20000) },
    { ...chat, guided_regex: '(?:[^a]{0,999}){0,999}' },
    { ...chat, guided_grammar: 'root ::= root root | "a"' },
    { ...chat, guided_grammar: 'root ::= ' + '('.repeat(10000) },
    { ...chat, guided_grammar: Array.from({ length: 3000 }, (_, i) => `r${i} ::= r${i + 1} r${i + 1}`).join('\n') },
    { ...chat, guided_choice: Array.from({ length: 50000 }, (_, i) => 'choice ' + i) },
    { ...chat, guided_json: deep(30) },
    { ...chat, guided_json: { $ref: '#' } },
    { ...chat, guided_json: { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' } },
    { ...chat, guided_json: { enum: Array.from({ length: 100000 }, (_, i) => i) } },
    { ...chat, guided_json: { type: 'array', minItems: 1e9, items: {} } },
    { ...chat, guided_json: { type: 'string', pattern: '^(a|b|ab)*c{500}$', maxLength: 1e9 } },
    { ...chat, guided_json: { type: 'object', required: Array.from({ length: 5000 }, (_, i) => 'k' + i) } },
    { ...chat, messages: [{ role: 'user', content: '<|end|>'.repeat(20000) }] },
    { ...chat, messages: Array.from({ length: 2000 }, () => ({ role: 'user', content: '{{ 1 }}{% for %}' })) },
    { ...chat, logit_bias: Object.fromEntries(Array.from({ length: 1024 }, (_, i) => [i, 100])) },
    { ...chat, stop: ['\u0000', 'a'.repeat(256)] },
    { ...chat, seed: -9223372036854775808, temperature: 2, top_k: 1000000, n: 16 },
    {
      ...chat, model: 'as-gguf', tool_choice: 'required',
      tools: Array.from({ length: 128 }, (_, i) => ({ type: 'function', function: { name: 't' + i, parameters: deep(20) } })),
    },
  ];
  for (const body of hostile) {
    const began = Date.now();
    const response = await fetch(server.url + '/v1/chat/completions', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    const what = JSON.stringify(body).slice(0, 120);
    assert.ok(response.status === 200 || (response.status >= 400 && response.status < 500), `${response.status} for ${what}`);
    assert.ok(response.status === 200 || typeof answer.error.message === 'string', what);
    assert.ok(Date.now() - began < 30000, `${Date.now() - began} ms for ${what}`);
    assert.equal((await fetch(server.url + '/healthz')).status, 200);
  }
  const reply = await client.chat.completions.create({ model: 'tiny', messages, max_tokens: 5 });
  assert.equal(reply.choices[0].message.content.length, 5);
});
