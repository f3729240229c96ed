// parley chat with standard input that is not a terminal: one question a line.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { model, run, scratch } from './support.mjs';

test('answers every line, and keeps the thread', async () => {
  const store = join(scratch, 'chat.db');
  const args = ['chat', '--model', model(), '--store', store, '--threads', '1'];
  const first = await run(args, { input: 'Hello\n\nGrüße 🎬\n' });
  assert.equal(first.code, 0, first.err);
  const replies = first.out.trimEnd().split('\n').filter((line) => line !== '');
  assert.ok(replies.length >= 2);
  const again = await run([...args, '--continue'], { input: 'And now?' });  // no line end
  assert.equal(again.code, 0, again.err);
  assert.ok(again.out.length > 1);
});

test('says what is wrong', async () => {
  const missing = await run(['chat', '--model', join(scratch, 'none')], { input: 'x' });
  assert.equal(missing.code, 4);
  const thread = await run(['chat', '--model', model(), '--thread', 'thr_0'], { input: 'x' });
  assert.equal(thread.code, 4);
  assert.match(thread.err, /no thread 'thr_0'/);
  const bad = await run(['chat', '--model', model()], { input: Buffer.from([0xff, 0xfe, 10]) });
  assert.equal(bad.code, 3);
  assert.match(bad.err, /not valid UTF-8/);
});
