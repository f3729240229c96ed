// The AI SDK and LangChain against parley serve. The AI SDK needs Node 22, which this folder's packages bring along.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { embedMany, generateText, Output, streamText, tool } from 'ai';
import { z } from 'zod';
import { model, Server } from '../e2e/support.mjs';

// As Hermes and Qwen write calls: a forced call needs a template that shows how.
const kTemplate = `{% for m in messages %}{{ m.role }}: {{ m.content }}
{% endfor %}{% if tools %}<tool_call>{"name": …, "arguments": …}</tool_call>{{ tools | tojson }}
{% endif %}{% if add_generation_prompt %}assistant: {% endif %}`;

const weather = { description: 'The weather', inputSchema: z.object({ city: z.enum(['Oslo', 'Rome']) }) };

let server, sdk, parley;
before(async () => {
  const folder = model();
  writeFileSync(join(folder, 'chat_template.jinja'), kTemplate);
  server = await Server.start(['--model', folder]);
  sdk = createOpenAICompatible({
    name: 'parley', baseURL: server.url + '/v1', includeUsage: true, supportsStructuredOutputs: true,
  });
  parley = sdk('tiny');
});
after(async () => assert.equal((await server.stop()).code, 0));

test('they run on a Node that they support', () => {
  assert.ok(parseInt(process.versions.node) >= 22, process.versions.node);
});

test('AI SDK: text, whole and streamed, is the same', async () => {
  const asked = { model: parley, prompt: 'Tell me a story', maxOutputTokens: 12, seed: 5 };
  const whole = await generateText(asked);
  assert.equal(whole.finishReason, 'length');
  assert.equal(whole.usage.outputTokens, 12);
  const stream = streamText(asked);
  let text = '';
  for await (const piece of stream.textStream) text += piece;
  assert.equal(text, whole.text);
  assert.equal(await stream.finishReason, 'length');
  assert.deepEqual((await stream.usage).outputTokens, 12);
});

test('AI SDK: an object has its schema', async () => {
  const { output } = await generateText({
    model: parley, prompt: 'Oslo or Rome?', maxOutputTokens: 200, output: Output.object({ schema: weather.inputSchema }),
  });
  assert.ok(['Oslo', 'Rome'].includes(output.city));
});

test('AI SDK: a tool is called, whole and streamed', async () => {
  const asked = {
    model: parley, prompt: 'Weather?', maxOutputTokens: 200, tools: { weather: tool(weather) },
    toolChoice: { type: 'tool', toolName: 'weather' },
  };
  const whole = await generateText(asked);
  const stream = streamText(asked);
  for (const calls of [whole.toolCalls, await stream.toolCalls]) {
    assert.equal(calls.length, 1);
    assert.equal(calls[0].toolName, 'weather');
    assert.ok(['Oslo', 'Rome'].includes(calls[0].input.city));
  }
  assert.notEqual(whole.toolCalls[0].toolCallId, (await stream.toolCalls)[0].toolCallId);
  assert.equal(whole.text, '');
});

test('AI SDK: embeddings', async () => {
  const { embeddings } = await embedMany({ model: sdk.embeddingModel('tiny'), values: ['one', 'two'] });
  assert.equal(embeddings.length, 2);
  assert.ok(embeddings[0].length > 1);
});

function langchain(settings = {}) {
  return new ChatOpenAI({
    model: 'tiny', apiKey: 'none needed', maxRetries: 0, maxTokens: 200, ...settings,
    configuration: { baseURL: server.url + '/v1' },
  });
}

test('LangChain: text, whole and streamed', async () => {
  const short = langchain({ maxTokens: 12, modelKwargs: { seed: 5 } });
  const whole = await short.invoke('Tell me a story');
  assert.equal(whole.response_metadata.finish_reason, 'length');
  assert.equal(whole.usage_metadata.output_tokens, 12);
  let text = '';
  for await (const chunk of await short.stream('Tell me a story')) text += chunk.text;
  assert.equal(text, whole.text);
});

test('LangChain: an object has its schema; a tool is called', async () => {
  const object = await langchain().withStructuredOutput(weather.inputSchema, { name: 'place', method: 'jsonSchema' }).invoke('Where?');
  assert.ok(['Oslo', 'Rome'].includes(object.city));
  const tools = [{ type: 'function', function: { name: 'weather', parameters: z.toJSONSchema(weather.inputSchema) } }];
  const reply = await langchain().bindTools(tools, { tool_choice: 'weather' }).invoke('Weather?');
  assert.equal(reply.tool_calls.length, 1);
  assert.ok(['Oslo', 'Rome'].includes(reply.tool_calls[0].args.city));
});

test('LangChain: embeddings', async () => {
  const embeddings = new OpenAIEmbeddings({
    model: 'tiny', apiKey: 'none needed', maxRetries: 0, configuration: { baseURL: server.url + '/v1' },
  });
  const vectors = await embeddings.embedDocuments(['one', 'two']);
  assert.equal(vectors.length, 2);
});
