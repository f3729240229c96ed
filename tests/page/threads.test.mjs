// The list of chats.
import { assert, eventually, target, test } from './harness.mjs';

async function two_chats(chat) {
  await chat.ask('Dragons and castles');
  await chat.page.locator('.new-chat').click();
  await chat.ask('Lighthouses by the sea');
  await eventually(async () => assert.equal(await chat.threads.count(), 2));
}

test('the newest is on top, under a date, and can be opened by address, back and forward', async (chat) => {
  await two_chats(chat);
  await eventually(async () => assert.match(await chat.threads.first().innerText(), /Lighthouses/));
  await eventually(async () => assert.equal(await chat.page.locator('.threads h2').first().innerText(), 'Today'));
  const second = chat.page.url();
  await chat.threads.nth(1).locator('a').click();
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Dragons and castles');
  await eventually(async () => assert.equal(await chat.threads.nth(1).locator('a').getAttribute('aria-current'), 'page'));
  await chat.page.goBack();
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Lighthouses by the sea');
  assert.equal(chat.page.url(), second);
  await chat.page.goForward();
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Dragons and castles');
  await chat.page.goto('about:blank');
  await chat.page.goto(second);
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Lighthouses by the sea');
});

test('a chat is renamed in its place, by menu and by F2', async (chat) => {
  await chat.ask('Dragons and castles');
  await chat.threads.first().hover();
  await chat.threads.first().getByRole('button', { name: /^Options/ }).click();
  await chat.page.getByRole('menuitem', { name: 'Rename' }).click();
  const input = chat.page.getByRole('textbox', { name: 'Name of the chat' });
  await input.fill('  My   dragons ');
  await input.press('Enter');
  await chat.page.waitForFunction(() => document.querySelector('h1').textContent !== '' && document.querySelector('.thread-title').textContent === 'My dragons');
  await eventually(async () => assert.equal(await chat.page.locator('h1').innerText(), 'My dragons'));
  await chat.threads.first().locator('a').focus();
  await chat.page.keyboard.press('F2');
  await input.fill('Never mind');
  await input.press('Escape');
  await eventually(async () => assert.equal(await chat.page.locator('.thread-title').innerText(), 'My dragons'));
  await chat.page.reload();
  await chat.threads.first().waitFor();
  await eventually(async () => assert.equal(await chat.page.locator('.thread-title').innerText(), 'My dragons'));
});

test('a deletion can be taken back; else it is carried out', async (chat) => {
  await two_chats(chat);
  await chat.threads.first().locator('a').focus();
  await chat.page.keyboard.press('Delete');
  await eventually(async () => assert.equal(await chat.threads.count(), 1));
  assert.match(chat.page.url(), /#\/$/, 'the open chat is left');
  await chat.page.getByRole('button', { name: 'Undo' }).click();
  await eventually(async () => assert.equal(await chat.threads.count(), 2));
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Lighthouses by the sea');
  await chat.threads.nth(1).hover();
  await chat.threads.nth(1).getByRole('button', { name: /^Options/ }).click();
  await chat.page.getByRole('menuitem', { name: 'Delete' }).click();
  await chat.page.reload(); // leaving the page carries it out
  await chat.threads.first().waitFor();
  await chat.page.waitForTimeout(300);
  await chat.page.reload();
  await chat.threads.first().waitFor();
  await eventually(async () => assert.equal(await chat.threads.count(), 1));
  await eventually(async () => assert.match(await chat.threads.first().innerText(), /Lighthouses/));
});

test('search finds by title and text, marks the words, asks once for quick typing', async (chat) => {
  await two_chats(chat);
  let asked = 0;
  chat.page.on('request', (request) => {
    if (request.url().includes('/api/threads?q=')) asked++;
  });
  await chat.page.keyboard.press('Control+k');
  await eventually(async () => assert.equal(await chat.focused(), 'search'));
  await chat.page.keyboard.type('castle', { delay: 15 });
  await chat.page.waitForFunction(() => document.querySelectorAll('.thread').length === 1);
  await eventually(async () => assert.equal(await chat.page.locator('.thread mark').first().innerText(), 'castle'));
  assert.ok(asked <= 2, `${asked} requests for one word`);
  await chat.page.locator('#search').fill('zzzz nothing');
  await chat.page.getByText('Nothing found for').waitFor();
  await chat.announced(/No chats found/);
  await chat.page.keyboard.press('Escape');
  await chat.page.waitForFunction(() => document.querySelectorAll('.thread').length === 2);
});

test('a long list comes in pages', { scripted: true }, async (chat, context) => {
  const cookie = (await context.cookies()).find((one) => one.name === 'parley_participant');
  for (let i = 0; i < 120; i++) {
    const thread = target.server.make_thread(cookie.value, `Chat number ${i}`);
    thread.updated_at = new Date(Date.now() - i * 86_400_000).toISOString();
  }
  await chat.page.reload();
  await chat.threads.first().waitFor();
  await eventually(async () => assert.equal(await chat.threads.count(), 50));
  for (let i = 0; i < 3; i++) {
    await chat.page.locator('.threads').evaluate((list) => list.scrollTo(0, list.scrollHeight));
    await chat.page.waitForTimeout(300);
  }
  await eventually(async () => assert.equal(await chat.threads.count(), 120));
  await eventually(async () => assert.ok((await chat.page.locator('.threads h2').allInnerTexts()).includes('Previous 30 days')));
});

test('a chat that does not exist says so', async (chat) => {
  await chat.open('#/t/does-not-exist');
  await chat.page.getByText('This chat is not here').waitFor();
  await chat.page.getByRole('button', { name: 'Start a new chat' }).click();
  await chat.composer.waitFor();
});

test('a reader sees only what was started in the same browser', async (chat, context) => {
  await chat.ask('My secret');
  const address = chat.page.url();
  const other = await context.browser().newContext();
  const page = await other.newPage();
  await page.goto(address);
  await page.getByText('This chat is not here').waitFor();
  await eventually(async () => assert.equal(await page.locator('.thread').count(), 0));
  await other.close();
});

test('the Enter that ends a composition does not end a renaming', async (chat) => {
  await chat.ask('Dragons and castles');
  await chat.threads.first().locator('a').focus();
  await chat.page.keyboard.press('F2');
  const input = chat.page.getByRole('textbox', { name: 'Name of the chat' });
  await input.fill('りゅう');
  for (const key of [{ key: 'Enter', isComposing: true }, { key: 'Enter', keyCode: 229 }, { key: 'Escape', keyCode: 229 }]) {
    await input.dispatchEvent('keydown', { ...key, bubbles: true });
    assert.equal(await input.inputValue(), 'りゅう', 'it is still being named');
  }
  await input.press('Enter');
  await chat.page.waitForFunction(() => document.querySelector('.thread-title')?.textContent === 'りゅう');
});

test('what was asked in a chat that is gone can be asked in a new one', { scripted: true }, async (chat) => {
  await chat.ask('Hello');
  target.server.threads.clear(); // deleted in another window
  await chat.send('Are you still there?');
  await chat.page.locator('.notice').getByRole('button', { name: 'Start a new chat' }).click();
  await eventually(async () => assert.match(chat.page.url(), /#\/$/));
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'Are you still there?'));
  await eventually(async () => assert.equal(await chat.page.locator('.message').count(), 0));
});
