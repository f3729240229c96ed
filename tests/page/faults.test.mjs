// What can go wrong between the page and the server. The reader never loses a word.
// A real model answers faster than a test can kill it; tests/e2e kills the real server in mid-reply.
import { assert, eventually, target, test } from './harness.mjs';

test('the server dies while writing: the thread is still there, and the reply can be had again', { restarts: true, scripted: true }, async (chat) => {
  await chat.ask('A first question');
  await chat.send('slow please, tell me a long story with many details');
  await chat.page.waitForSelector('.message[data-status="streaming"]');
  if (target.scripted) await chat.writing();
  await chat.type('a draft meanwhile');
  await target.kill();
  await chat.page.locator('[data-banner="lost"]').waitFor();
  await eventually(async () => assert.match(await chat.page.locator('[data-banner="lost"]').innerText(), /Reconnecting/));
  await chat.announced(/Reconnecting/);
  await eventually(async () => assert.equal(await chat.questions.count(), 2, 'the thread stays on screen'));
  await target.revive();
  await chat.page.locator('[data-banner="lost"]').waitFor({ state: 'detached' });
  await chat.idle();
  await eventually(async () => assert.equal(await chat.questions.count(), 2));
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'a draft meanwhile'));
  const again = chat.page.getByRole('button', { name: /Try again|Get a reply/ });
  if (target.scripted) await eventually(async () => assert.equal(await chat.status(), 'interrupted'));
  if ((await again.count()) > 0) {
    await again.click();
    if (target.scripted) {
      await chat.writing();
      await chat.page.keyboard.press('Escape');
    }
    await chat.idle();
    await eventually(async () => assert.equal(await chat.page.getByRole('button', { name: /Try again|Get a reply/ }).count(), 0));
  }
  await chat.page.reload();
  await chat.questions.nth(1).waitFor();
});

test('a question asked while the server is away is sent when it is back, once', { restarts: true }, async (chat) => {
  await chat.ask('Before');
  await target.kill();
  await chat.send('Asked in the dark');
  await chat.page.getByText('Waiting for the connection').waitFor();
  await chat.page.locator('[data-banner="lost"]').waitFor();
  await target.revive();
  await chat.page.locator('.notice').waitFor({ state: 'detached' });
  await chat.idle();
  await eventually(async () => assert.equal(await chat.questions.count(), 2));
  await eventually(async () => assert.equal(await chat.replies.count(), 2));
  await chat.page.reload();
  await chat.replies.nth(1).waitFor();
  await eventually(async () => assert.equal(await chat.questions.filter({ hasText: 'Asked in the dark' }).count(), 1));
  await eventually(async () => assert.equal(await chat.page.locator('.versions').count(), 0, 'it was not sent twice'));
});

test('the very first question of a new chat survives an absent server', { restarts: true }, async (chat) => {
  await target.kill();
  await chat.send('Hello from the dark');
  await chat.page.getByText('Waiting for the connection').waitFor();
  await target.revive();
  await chat.page.locator('.notice').waitFor({ state: 'detached' });
  await chat.idle();
  await eventually(async () => assert.equal(await chat.replies.count(), 1));
  await eventually(async () => assert.equal(await chat.threads.count(), 1));
});

test('a question that arrived though its answer was lost is not asked twice', { scripted: true }, async (chat) => {
  await chat.ask('Before');
  await chat.send('lost in the net');
  const get = chat.page.getByRole('button', { name: 'Get a reply' });
  await get.waitFor();
  await eventually(async () => assert.equal(await chat.questions.filter({ hasText: 'lost in the net' }).count(), 1));
  await get.click();
  await chat.page.waitForFunction(() => document.querySelectorAll('.message.assistant').length === 2);
  await chat.idle();
  await eventually(async () => assert.equal(await chat.replies.count(), 2));
  await eventually(async () => assert.equal(await chat.page.locator('.versions').count(), 0));
});

test('a busy server is asked again by itself', { scripted: true }, async (chat) => {
  for (const word of ['busy', 'full']) {
    target.server.busy_left = 1;
    target.server.retry_after_s = word === 'full' ? 120 : 6;
    await chat.send(`${word} day`);
    const notice = chat.page.locator('.notice');
    await notice.filter({ hasText: /Trying again in \d+ s/ }).waitFor();
    await chat.announced(/Trying again/);
    if (word === 'full') await notice.getByRole('button', { name: 'Try now' }).click();
    await notice.waitFor({ state: 'detached' });
    await chat.idle();
    await eventually(async () => assert.equal(await chat.text_of(chat.questions.last()), `${word} day`));
    await eventually(async () => assert.equal(await chat.status(), 'complete'));
  }
});

test('a waiting question can be taken back into the message field', { scripted: true }, async (chat) => {
  target.server.busy_left = 100;
  await chat.send('busy day');
  await chat.page.locator('.notice').getByRole('button', { name: 'Edit' }).click();
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'busy day'));
  await eventually(async () => assert.equal(await chat.focused(), 'composer-text'));
  await eventually(async () => assert.equal(await chat.page.locator('.message').count(), 0));
  target.server.busy_left = 0;
});

test('a refused edit returns to the edit, not to the message field', { scripted: true }, async (chat) => {
  await chat.ask('Hello');
  await chat.composer.press('ArrowUp');
  const area = chat.page.getByRole('textbox', { name: 'Your question' });
  await area.fill('refuse this');
  await area.press('Enter');
  const notice = chat.page.locator('.notice.failed');
  await notice.waitFor();
  await eventually(async () => assert.match(await notice.innerText(), /This message cannot be taken\. Say it differently\./));
  await notice.getByRole('button', { name: 'Edit' }).click();
  await eventually(async () => assert.equal(await area.inputValue(), 'refuse this'));
  await area.press('Escape');
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.first()), 'Hello'));
});

test('a reply that fails halfway says so and can be tried again', { scripted: true }, async (chat) => {
  await chat.send('fail please');
  await chat.page.locator('.ending', { hasText: 'The model stopped unexpectedly.' }).waitFor();
  await eventually(async () => assert.equal(await chat.status(), 'error'));
  await eventually(async () => assert.ok((await chat.text_of(chat.last_reply)).length > 0, 'what was written stays'));
  await chat.page.getByRole('button', { name: 'Try again' }).click();
  await chat.page.waitForSelector('.send.stop');
  await chat.page.waitForFunction(() => !document.querySelector('.send.stop'));
});

test('two windows of one reader: a reply begun in one appears in the other', { scripted: true }, async (chat, context) => {
  await chat.ask('Shared chat');
  const other = await context.newPage();
  await other.goto(chat.page.url());
  await other.locator('.message.assistant').first().waitFor();
  await chat.send('slow please');
  await chat.writing();
  await other.reload();
  await other.locator('[data-status="streaming"]').waitFor();
  await chat.page.keyboard.press('Escape');
  await other.locator('.message.assistant.last[data-status="stopped"]').waitFor();
});

test('closing the page stops the reply', { scripted: true }, async (chat, context) => {
  await chat.send('slow please');
  await chat.writing();
  const address = chat.page.url();
  await chat.page.goto('about:blank');
  const page = await context.newPage();
  await page.goto(address);
  await page.locator('.message.assistant.last[data-status="stopped"]').waitFor();
});
