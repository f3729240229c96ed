// For everyone: axe in every state, the keyboard alone, screen readers, phones, colours.
import { assert, eventually, kPhone, target, test } from './harness.mjs';

const kThemes = ['light', 'dark'];

for (const colorScheme of kThemes) {
  test(`axe finds nothing on a wide screen, ${colorScheme}`, { context: { colorScheme } }, async (chat) => {
    await eventually(async () => assert.equal(await chat.page.evaluate(() => document.documentElement.dataset.theme), colorScheme));
    await chat.axe('a new chat');
    await chat.ask(target.scripted ? 'markdown please' : 'Tell me about a film');
    await chat.axe('a conversation');
    await chat.last_reply.getByRole('button', { name: 'Not a good reply' }).click();
    await chat.page.locator('.chip').first().click();
    await chat.axe('feedback');
    await chat.page.keyboard.press('Escape');
    await chat.last_reply.getByRole('button', { name: 'Another reply' }).click();
    await chat.page.waitForSelector('.message.assistant');
    await chat.axe('a reply being written');
    await chat.idle();
    await chat.axe('two versions');
    await chat.composer.press('ArrowUp');
    await chat.axe('editing');
    await chat.page.keyboard.press('Escape');
    await chat.threads.first().hover();
    await chat.threads.first().getByRole('button', { name: /^Options/ }).click();
    await chat.axe('a menu');
    await chat.page.keyboard.press('Escape');
    await chat.threads.first().locator('a').focus();
    await chat.page.keyboard.press('F2');
    await chat.axe('renaming');
    await chat.page.keyboard.press('Escape');
    await chat.page.keyboard.press('Control+k');
    await chat.page.keyboard.type('e');
    await chat.page.locator('mark').first().waitFor();
    await chat.axe('search');
    await chat.page.keyboard.press('Escape');
    await chat.page.keyboard.press('Control+/');
    await chat.page.locator('dialog[open]').waitFor();
    await chat.axe('the shortcuts');
    await chat.page.keyboard.press('Escape');
    await chat.page.locator('dialog[open]').waitFor({ state: 'detached' });
    await chat.page.keyboard.press('Control+b');
    await chat.page.locator('.sidebar').waitFor({ state: 'detached' });
    await chat.axe('without the list');
    await chat.page.keyboard.press('Control+b');
    await chat.page.locator('.sidebar').waitFor();
    await chat.threads.first().locator('a').focus();
    await chat.page.keyboard.press('Delete');
    await chat.page.getByRole('button', { name: 'Undo' }).waitFor();
    await chat.axe('a notice');
    await chat.open('#/t/does-not-exist');
    await chat.page.getByText('This chat is not here').waitFor();
    await chat.axe('a chat that is gone');
  });

  test(`axe finds nothing on a phone, ${colorScheme}`, { context: { ...kPhone, colorScheme } }, async (chat) => {
    await chat.axe('a new chat');
    await chat.ask(target.scripted ? 'markdown please' : 'Tell me about a film');
    await chat.axe('a conversation');
    await chat.page.getByRole('button', { name: 'Show the list of chats' }).click();
    await chat.axe('the drawer');
  });

  test(`axe finds nothing in trouble, ${colorScheme}`, { scripted: true, context: { colorScheme } }, async (chat) => {
    target.server.busy_left = 100;
    await chat.send('busy day');
    await chat.page.locator('.notice').waitFor();
    await chat.axe('a busy server');
    await chat.page.locator('.notice').getByRole('button', { name: 'Edit' }).click();
    target.server.busy_left = 0;
    await chat.send('refuse this');
    await chat.page.locator('.notice.failed').waitFor();
    await chat.axe('a refused message');
    await chat.page.locator('.notice').getByRole('button', { name: 'Edit' }).click();
    await chat.send('slow please');
    await chat.writing();
    await target.kill();
    await chat.page.locator('[data-banner="lost"]').waitFor();
    await chat.axe('no connection');
    await target.revive();
    await chat.page.locator('[data-status="interrupted"]').waitFor();
    await chat.axe('an interrupted reply');
  });
}

test('axe finds nothing with forced colours and more contrast', { context: { forcedColors: 'active', contrast: 'more' } }, async (chat) => {
  await chat.ask('Hello');
  await chat.axe('a conversation');
});

test('everything can be done with the keyboard', async (chat) => {
  const { keyboard } = chat.page;
  await eventually(async () => assert.equal(await chat.focused(), 'composer-text', 'one can type at once'));
  await keyboard.type('Hello there');
  await keyboard.press('Enter');
  await chat.replies.first().waitFor();
  await chat.idle();
  await eventually(async () => assert.equal(await chat.focused(), 'composer-text', 'and go on typing'));
  await keyboard.press('Control+Shift+KeyO');
  await eventually(async () => assert.equal(await chat.page.locator('.message').count(), 0));
  await keyboard.type('A second chat');
  await keyboard.press('Enter');
  await chat.replies.first().waitFor();
  await chat.idle();
  await keyboard.press('Alt+ArrowDown');
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Hello there');
  await keyboard.press('Alt+ArrowUp');
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'A second chat');
  await keyboard.press('Control+k');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await chat.page.waitForFunction(() => document.querySelector('.bubble')?.textContent === 'Hello there');
  await keyboard.press('Control+/');
  await eventually(async () => assert.ok(await chat.page.locator('dialog[open]').isVisible()));
  await keyboard.press('Escape');
  await eventually(async () => assert.equal(await chat.page.locator('dialog[open]').count(), 0));
  // The menu of a chat: from the chat, one Tab away.
  await chat.threads.first().locator('a').focus();
  await keyboard.press('Tab');
  await eventually(async () => assert.match(await chat.focused(), /^Options for/));
  await keyboard.press('Enter');
  await eventually(async () => assert.equal(await chat.focused(), 'Rename'));
  await keyboard.press('ArrowDown');
  await eventually(async () => assert.equal(await chat.focused(), 'Delete'));
  await keyboard.press('ArrowDown');
  await eventually(async () => assert.equal(await chat.focused(), 'Rename'));
  await keyboard.press('Escape');
  await eventually(async () => assert.match(await chat.focused(), /^Options for/));
  await keyboard.press('Control+b');
  await eventually(async () => assert.equal(await chat.page.locator('.sidebar').count(), 0));
  await keyboard.press('Control+b');
  await eventually(async () => assert.equal(await chat.page.locator('.sidebar').count(), 1));
  await keyboard.press('Escape');
  await eventually(async () => assert.equal(await chat.focused(), 'composer-text'));
});

test('Tab reaches every control, each with a visible mark of focus', async (chat) => {
  await chat.ask('Hello');
  await chat.page.locator('.skip').focus();
  const seen = [];
  for (let i = 0; i < 40; i++) {
    await chat.page.keyboard.press('Tab');
    const stop = await chat.page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const styles = [element, element.closest('.composer, .search, .theme-switch label') ?? element].map((e) => getComputedStyle(e));
      const marked = styles.some((style) => style.outlineStyle !== 'none' || style.boxShadow !== 'none');
      return { name: element.getAttribute('aria-label') ?? element.id ?? element.textContent.trim(), marked };
    });
    if (!stop) break;
    seen.push(stop);
  }
  assert.deepEqual(seen.filter((stop) => !stop.marked), []);
  const names = seen.map((stop) => stop.name).join('\n');
  for (const wanted of ['Search chats', 'Copy question', 'Edit question', 'Copy reply', 'Another reply', 'Good reply', 'Message ']) {
    assert.ok(names.includes(wanted), `${wanted} cannot be reached:\n${names}`);
  }
});

test('a screen reader hears that a reply is written, then the reply, and not each piece', async (chat) => {
  await chat.page.evaluate(() => {
    globalThis.heard = [];
    const region = document.querySelector('[data-announcement]');
    new MutationObserver(() => region.textContent && globalThis.heard.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  await chat.ask('Hello');
  await chat.announced(/: /);
  const heard = await chat.page.evaluate(() => globalThis.heard);
  assert.ok(heard.length <= 3, heard.join(' | '));
  assert.match(heard[0], /is writing/);
  const live = await chat.page.evaluate(() => document.querySelector('.messages').closest('[aria-live]'));
  assert.equal(live, null, 'the messages themselves are no live region');
  const headings = await chat.page.locator('.message h2').allTextContents();
  assert.equal(headings[0], 'You said');
  assert.match(headings[1], / said$/);
});

test('the theme is chosen, kept, and there from the first paint', async (chat) => {
  const theme = () => chat.page.evaluate(() => document.documentElement.dataset.theme);
  await eventually(async () => assert.equal(await theme(), 'light'));
  await chat.page.locator('.theme-switch input[value="dark"]').check({ force: true });
  await eventually(async () => assert.equal(await theme(), 'dark'));
  await chat.page.reload({ waitUntil: 'commit' });
  await chat.page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await chat.composer.waitFor();
  await chat.page.locator('.theme-switch input[value="system"]').check({ force: true });
  await eventually(async () => assert.equal(await theme(), 'light'));
  await chat.page.emulateMedia({ colorScheme: 'dark' });
  await chat.page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
});

test('on a phone the list is a drawer, nothing overflows, and targets are large', { context: kPhone }, async (chat) => {
  const overflow = () => chat.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await eventually(async () => assert.ok((await overflow()) <= 0));
  await chat.ask(target.scripted ? 'markdown please' : 'Tell me about a film');
  await eventually(async () => assert.ok((await overflow()) <= 0, 'a wide table scrolls by itself'));
  const opener = chat.page.getByRole('button', { name: 'Show the list of chats' });
  await opener.click();
  const drawer = chat.page.getByRole('dialog', { name: 'Chats' });
  await drawer.waitFor();
  await eventually(async () => assert.equal(await chat.focused(), 'Close'));
  await eventually(async () => assert.ok(await chat.page.locator('main').evaluate((main) => main.inert)));
  await chat.page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await eventually(async () => assert.equal(await chat.focused(), 'Show the list of chats', 'the focus returns'));
  await opener.click();
  await chat.page.locator('.scrim').click({ position: { x: 370, y: 400 } });
  await drawer.waitFor({ state: 'detached' });
  await opener.click();
  await chat.threads.first().locator('a').click();
  await drawer.waitFor({ state: 'detached' });
  const small = await chat.page.evaluate(() =>
    [...document.querySelectorAll('button:not([data-copy]), .composer textarea')]
      .map((element) => ({ name: element.getAttribute('aria-label') ?? element.textContent, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.width < 36 || box.height < 36))
      .map(({ name }) => name),
  );
  assert.deepEqual(small, []);
  // Enter makes a line: the button sends.
  await chat.composer.focus();
  await chat.page.keyboard.type('one');
  await chat.page.keyboard.press('Enter');
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'one\n'));
});

for (const [width, height] of [[320, 568], [568, 320], [640, 400]]) {
  test(`the welcome opens at its beginning at ${width} × ${height}`, { context: { viewport: { width, height } } }, async (chat) => {
    await chat.page.locator('.welcome').waitFor();
    await chat.page.waitForTimeout(300);
    await eventually(async () => assert.equal(await chat.page.evaluate(() => document.querySelector('.scroller').scrollTop), 0));
    assert.equal(await chat.page.locator('.to-end').count(), 0);
  });
}
