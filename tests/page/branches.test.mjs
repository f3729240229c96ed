// Other replies, other questions: a thread is a tree.
import { assert, eventually, test } from './harness.mjs';

test('another reply is a second version; one can go back and forth, and it stays chosen', async (chat) => {
  await chat.ask('Which film is funny?');
  const first = await chat.last_reply.getAttribute('data-message');
  await chat.last_reply.getByRole('button', { name: 'Another reply' }).click();
  await chat.page.waitForFunction((id) => !document.querySelector(`[data-message="${id}"]`), first);
  await chat.idle();
  const versions = chat.last_reply.locator('.versions');
  await eventually(async () => assert.match(await versions.innerText(), /2\s*\/\s*(of)?\s*2/));
  await eventually(async () => assert.equal(await chat.replies.count(), 1));
  await versions.getByRole('button', { name: 'Previous version' }).click();
  await eventually(async () => assert.equal(await chat.last_reply.getAttribute('data-message'), first));
  await eventually(async () => assert.match(await chat.last_reply.locator('.versions').innerText(), /1\s*\/\s*(of)?\s*2/));
  await eventually(async () => assert.equal(await chat.focused(), 'Next version', 'the focus stays in the switcher'));
  await chat.page.waitForTimeout(300);
  await chat.page.reload();
  await chat.replies.first().waitFor();
  await eventually(async () => assert.equal(await chat.last_reply.getAttribute('data-message'), first, 'the chosen version is kept'));
});

test('a question can be edited and sent again; both branches remain', async (chat) => {
  await chat.ask('I like mysteries');
  await chat.ask('And a second question');
  const first = chat.questions.first();
  await first.hover();
  await first.getByRole('button', { name: 'Edit question' }).click();
  const area = chat.page.getByRole('textbox', { name: 'Your question' });
  await eventually(async () => assert.equal(await area.inputValue(), 'I like mysteries'));
  await area.fill('I like comedies');
  await area.press('Enter');
  await chat.page.waitForFunction(() => document.querySelectorAll('.message.user').length === 1);
  await chat.idle();
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.first()), 'I like comedies'));
  await eventually(async () => assert.equal(await chat.questions.count(), 1));
  await chat.questions.first().getByRole('button', { name: 'Previous version' }).click();
  await eventually(async () => assert.equal(await chat.questions.count(), 2));
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.first()), 'I like mysteries'));
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.nth(1)), 'And a second question'));
});

test('after going back, a new question continues the branch on screen', async (chat) => {
  await chat.ask('One');
  const first = await chat.last_reply.getAttribute('data-message');
  await chat.last_reply.getByRole('button', { name: 'Another reply' }).click();
  await chat.page.waitForFunction((id) => !document.querySelector(`[data-message="${id}"]`), first);
  await chat.idle();
  await chat.last_reply.getByRole('button', { name: 'Previous version' }).click();
  await chat.ask('Two');
  await eventually(async () => assert.equal(await chat.replies.first().getAttribute('data-message'), first));
  await eventually(async () => assert.equal(await chat.questions.count(), 2));
});

test('editing can be given up', async (chat) => {
  await chat.ask('Keep this');
  await chat.composer.press('ArrowUp');
  const area = chat.page.getByRole('textbox', { name: 'Your question' });
  await area.fill('Changed');
  await area.press('Escape');
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.first()), 'Keep this'));
  await chat.page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Edit question');
});
