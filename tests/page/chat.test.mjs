// Asking and being answered.
import { assert, eventually, target, test } from './harness.mjs';
import { kMarkdown } from './replies.mjs';

test('a new chat greets, suggests questions, and a suggestion can be asked', async (chat) => {
  const config = await (await fetch(new URL('api/config', target.url))).json();
  await eventually(async () => assert.equal(await chat.page.title(), config.assistant.name));
  const text = await chat.page.locator('.welcome').innerText();
  assert.ok(text.includes(config.assistant.greeting), 'the greeting is shown');
  const suggestions = chat.page.locator('.suggestion');
  await eventually(async () => assert.equal(await suggestions.count(), Math.min(4, config.assistant.suggestions.length)));
  if ((await suggestions.count()) === 0) return;
  const first = (await suggestions.first().innerText()).trim();
  await suggestions.first().click();
  await chat.idle();
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.first()), first));
  await eventually(async () => assert.equal(await chat.replies.count(), 1));
});

test('a reply streams in, with a typing indicator before and a caret behind', { scripted: true }, async (chat) => {
  target.server.hold = true;
  await chat.send('slow please');
  await chat.page.waitForSelector('.typing');
  target.server.hold = false;
  await chat.writing();
  const early = await chat.last_reply.innerText();
  await chat.page.waitForFunction((n) => document.querySelector('.markdown.writing').innerText.length > n + 20, early.length);
  await chat.announced(/is writing/);
  await chat.page.keyboard.press('Escape');
  await chat.idle();
});

test('thoughts and calls are folded away from the words', { scripted: true }, async (chat) => {
  await chat.ask('think about tonight');
  const asides = chat.last_reply.locator('details.aside');
  assert.equal(await asides.count(), 2);
  assert.equal(await asides.nth(0).locator('summary').innerText(), 'Thoughts');
  assert.equal(await asides.nth(1).locator('summary').innerText(), 'Asked for find_film');
  assert.equal(await asides.nth(0).locator('.aside-words').isVisible(), false);
  await asides.nth(0).locator('summary').click();
  assert.match(await asides.nth(0).locator('.aside-words').innerText(), /short and kind/);
  assert.doesNotMatch(await chat.last_reply.locator('.markdown').innerText(), /short and kind|mood/);
  const before = await chat.text_of(chat.last_reply);
  await chat.page.reload();
  await eventually(async () => assert.equal(await chat.last_reply.locator('details.aside').count(), 2));
  assert.match(before, /You asked/);
});

test('a question gets an address, a title and a reply that is kept across a reload', async (chat) => {
  await chat.ask('What should I watch on a rainy evening?');
  assert.match(chat.page.url(), /#\/t\/.+/);
  const title = await chat.page.locator('h1').innerText();
  assert.ok(title.length > 0 && 'What should I watch on a rainy evening?'.startsWith(title.replace(/…$/, '').slice(0, 12)));
  await eventually(async () => assert.ok((await chat.page.title()).startsWith(title)));
  const before = await chat.text_of(chat.last_reply);
  assert.ok(['complete', 'length'].includes(await chat.status()));
  await chat.page.reload();
  await chat.replies.first().waitFor();
  await eventually(async () => assert.equal(await chat.text_of(chat.last_reply), before));
  await eventually(async () => assert.equal(await chat.threads.count(), 1));
  await chat.announced(/^$|./);
});

test('a thread goes on over several turns, each with what came before', async (chat) => {
  for (const [index, question] of ['Hello there', 'And something for children?', 'Thank you!'].entries()) {
    await chat.ask(question);
    await eventually(async () => assert.equal(await chat.questions.count(), index + 1));
    await eventually(async () => assert.equal(await chat.replies.count(), index + 1));
  }
  await eventually(async () => assert.equal(await chat.threads.count(), 1));
});

test('Enter sends, Shift+Enter makes a line, an input method is left alone', async (chat) => {
  await chat.composer.focus();
  await chat.page.keyboard.type('first');
  await chat.page.keyboard.press('Shift+Enter');
  await chat.page.keyboard.type('second');
  await chat.composer.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true });
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'first\nsecond'));
  await chat.page.keyboard.press('Enter');
  await chat.questions.first().waitFor();
  await eventually(async () => assert.equal(await chat.text_of(chat.questions.first()), 'first\nsecond'));
  await eventually(async () => assert.equal(await chat.composer.inputValue(), ''));
  await chat.idle();
});

test('nothing is sent without words', async (chat) => {
  await chat.type('   \n ');
  await eventually(async () => assert.ok(await chat.page.locator('.send').isDisabled()));
  await chat.composer.press('Enter');
  await eventually(async () => assert.equal(await chat.page.locator('.message').count(), 0));
});

test('stop keeps what was written', { scripted: true }, async (chat) => {
  await chat.send('slow please');
  await chat.page.locator('.message.last .markdown', { hasText: /^Part 1\. The city/ }).waitFor();
  await chat.page.locator('.send.stop').click();
  await chat.idle();
  await eventually(async () => assert.equal(await chat.status(), 'stopped'));
  const text = await chat.text_of(chat.last_reply);
  assert.match(text, /^Part 1\./);
  await eventually(async () => assert.match(await chat.last_reply.innerText(), /You stopped this reply/));
  await chat.page.reload();
  await chat.replies.first().waitFor();
  await eventually(async () => assert.equal(await chat.text_of(chat.last_reply), text));
});

test('stop by Escape, whatever the reply is', async (chat) => {
  await chat.send('Tell me a long story about a lighthouse and a storm, please, with many details');
  await chat.page.waitForSelector('.message.assistant');
  await chat.page.keyboard.press('Escape');
  await chat.idle();
  // Stopped before the server had taken it, there is no reply; or one that is seen to end a moment later.
  await eventually(async () => {
    if ((await chat.replies.count()) === 0) return;
    assert.ok(['stopped', 'complete', 'length'].includes(await chat.status()));
  });
});

test('Markdown becomes what it means', { scripted: true }, async (chat) => {
  const reply = await chat.ask('markdown please');
  await eventually(async () => assert.equal(await reply.locator('h3').innerText(), 'Three films for a rainy evening'));
  await eventually(async () => assert.equal(await reply.locator('ol li').count(), 3));
  await eventually(async () => assert.equal(await reply.locator('tbody tr').count(), 3));
  await eventually(async () => assert.equal(await reply.locator('td').nth(2).evaluate((cell) => getComputedStyle(cell).textAlign), 'end'));
  await eventually(async () => assert.equal(await reply.locator('blockquote').count(), 1));
  const link = reply.locator('a').first();
  await eventually(async () => assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow'));
  await eventually(async () => assert.equal(await link.getAttribute('target'), '_blank'));
});

test('a reply and its code can be copied', { scripted: true }, async (chat, context) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const reply = await chat.ask('markdown please');
  await reply.getByRole('button', { name: 'Copy reply' }).click();
  await eventually(async () => assert.equal(await chat.page.evaluate(() => navigator.clipboard.readText()), kMarkdown));
  await chat.announced(/Copied/);
  await reply.getByRole('button', { name: 'Copy code' }).click();
  await reply.getByRole('button', { name: 'Copied' }).waitFor();
  await eventually(async () => assert.match(await chat.page.evaluate(() => navigator.clipboard.readText()), /^\{\n {2}"title"/));
});

test('what a model writes can neither run nor load anything', { scripted: true }, async (chat) => {
  const outside = [];
  chat.page.on('request', (request) => {
    if (!request.url().startsWith(target.url)) outside.push(request.url());
  });
  const reply = await chat.ask('attack me');
  await eventually(async () => assert.match(await reply.innerText(), /<script>window\.hacked = 2<\/script>/));
  await eventually(async () => assert.equal(await reply.locator('img, script, iframe, style').count(), 0));
  await reply.getByText('click me').click();
  await eventually(async () => assert.equal(await chat.page.evaluate(() => globalThis.hacked), undefined));
  assert.deepEqual(outside, []);
});

test('while a reply grows, text above it stays the same element', { scripted: true }, async (chat) => {
  await chat.send('slow please');
  await chat.page.waitForFunction(() => document.querySelectorAll('.markdown .block').length >= 2);
  await chat.page.evaluate(() => (globalThis.first = document.querySelector('.markdown .block > p')));
  await chat.page.waitForTimeout(600);
  await eventually(async () => assert.ok(await chat.page.evaluate(() => globalThis.first === document.querySelector('.markdown .block > p'))));
  await chat.page.keyboard.press('Escape');
  await chat.idle();
});

test('a long reply is followed; scrolling up lets go, and a button leads back', { scripted: true }, async (chat) => {
  const at_end = () =>
    chat.page.evaluate(() => {
      const s = document.querySelector('.scroller');
      return s.scrollHeight - s.scrollTop - s.clientHeight < 50;
    });
  await chat.ask('long story');
  await eventually(async () => assert.ok(await at_end(), 'follows to the end'));
  await eventually(async () => assert.equal(await chat.page.locator('.to-end').count(), 0));
  await chat.send('slow please');
  await chat.writing();
  await chat.page.mouse.move(800, 300);
  await chat.page.mouse.wheel(0, -900);
  await chat.page.locator('.to-end').waitFor();
  const top = await chat.page.evaluate(() => document.querySelector('.scroller').scrollTop);
  await chat.page.waitForTimeout(500);
  await eventually(async () => assert.equal(await chat.page.evaluate(() => document.querySelector('.scroller').scrollTop), top, 'keeps still'));
  await chat.page.locator('.to-end').click();
  await chat.page.waitForTimeout(300);
  await eventually(async () => assert.ok(await at_end(), 'is back at the end'));
  await chat.page.keyboard.press('Escape');
  await chat.idle();
});

test('a very long thread opens at its end, and earlier messages come when one scrolls up', { scripted: true }, async (chat, context) => {
  const owner = (await context.cookies()).find((one) => one.name === 'parley_participant').value;
  const thread = target.server.make_thread(owner, 'Very long');
  for (let i = 0; i < 100; i++) {
    const question = target.server.add_message(thread, 'user', thread.head_id, `Question ${i}`, 'complete');
    const reply = target.server.add_message(thread, 'assistant', question.id, `Reply ${i}. `.repeat(30), 'complete');
    thread.head_id = reply.id;
  }
  await chat.open(`#/t/${thread.id}`);
  await chat.replies.first().waitFor();
  const shown = () => chat.page.locator('.message').count();
  const in_view = () =>
    chat.page.evaluate(() => {
      const top = document.querySelector('.scroller').getBoundingClientRect().top;
      const first = [...document.querySelectorAll('.message')].find((m) => m.getBoundingClientRect().bottom > top + 60);
      return { text: first.textContent.slice(0, 40), y: Math.round(first.getBoundingClientRect().top) };
    });
  await eventually(async () => assert.equal(await shown(), 60));
  await eventually(async () => assert.match(await chat.text_of(chat.last_reply), /Reply 99/));
  const earlier = chat.page.getByRole('button', { name: /Show earlier messages \(140\)/ });
  const before = await chat.page.evaluate(() => {
    const scroller = document.querySelector('.scroller');
    scroller.dispatchEvent(new WheelEvent('wheel', { deltaY: -10, bubbles: true }));
    scroller.scrollTop = 300;
    return true;
  });
  assert.ok(before);
  const seen = await in_view();
  await earlier.evaluate((button) => button.click());
  await chat.page.waitForFunction(() => document.querySelectorAll('.message').length === 120);
  const now = await in_view();
  assert.equal(now.text, seen.text);
  assert.ok(Math.abs(now.y - seen.y) <= 2, `what is being read moves from ${seen.y} to ${now.y}`);
  for (const count of [180, 200]) {
    await chat.page.evaluate(() => (document.querySelector('.scroller').scrollTop = 0));
    await chat.page.waitForFunction((n) => document.querySelectorAll('.message').length >= n, count);
  }
  await eventually(async () => assert.equal(await chat.page.locator('.earlier').count(), 0));
  await eventually(async () => assert.match(await chat.text_of(chat.questions.first()), /Question 0/));
});

test('a draft is kept per thread, and across a reload', async (chat) => {
  await chat.ask('Hello');
  await chat.type('about this one');
  await chat.page.locator('.new-chat').click();
  await eventually(async () => assert.equal(await chat.composer.inputValue(), ''));
  await chat.type('something new');
  await chat.page.reload();
  await chat.threads.first().waitFor();
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'something new'));
  await chat.threads.first().locator('a').click();
  await chat.replies.first().waitFor();
  await eventually(async () => assert.equal(await chat.composer.inputValue(), 'about this one'));
});

test('a reply goes on while another thread is on screen', { scripted: true }, async (chat) => {
  await chat.send('slow please');
  await chat.writing();
  await chat.page.locator('.new-chat').click();
  await chat.page.locator('.thread-writing').waitFor();
  await chat.ask('Something else meanwhile');
  await chat.threads.filter({ hasText: 'slow please' }).locator('a').click();
  await chat.writing();
  await eventually(async () => assert.equal(await chat.questions.count(), 1));
  await chat.page.keyboard.press('Escape');
  await chat.idle();
  await eventually(async () => assert.equal(await chat.status(), 'stopped'));
});

test('right-to-left and emoji are at home', { scripted: true }, async (chat) => {
  const reply = await chat.ask('arabic please');
  await eventually(async () => assert.equal(await reply.locator('.markdown').evaluate((e) => getComputedStyle(e).direction), 'rtl'));
  await chat.ask('emoji please');
  await eventually(async () => assert.match(await chat.text_of(chat.last_reply), /👨‍👩‍👧‍👦/u));
});

const fully_in_view = (locator) =>
  locator.evaluate((element) => {
    const box = element.getBoundingClientRect();
    const frame = element.closest('.scroller').getBoundingClientRect();
    return box.top >= frame.top && box.bottom <= frame.bottom;
  });

test('editing a question behind a long reply shows the field', { scripted: true }, async (chat) => {
  await chat.ask('long story');
  await chat.composer.press('ArrowUp');
  const area = chat.page.getByRole('textbox', { name: 'Your question' });
  await chat.page.waitForTimeout(300);
  await eventually(async () => assert.ok(await fully_in_view(area), 'the field is in view, and stays there'));
});

async function open_long_thread(chat, context, link = () => '') {
  const owner = (await context.cookies()).find((one) => one.name === 'parley_participant').value;
  const thread = target.server.make_thread(owner, 'Three hundred');
  const questions = [];
  for (let i = 0; i < 150; i++) {
    const question = target.server.add_message(thread, 'user', thread.head_id, `Question ${i}`, 'complete');
    const reply = target.server.add_message(thread, 'assistant', question.id, `Reply ${i}. `.repeat(30), 'complete');
    thread.head_id = reply.id;
    questions.push(question);
  }
  await chat.open(`#/t/${thread.id}${link(questions)}`);
  await chat.replies.first().waitFor();
}

test('a long thread opened by its address draws earlier messages by wheel and by keyboard', { scripted: true }, async (chat, context) => {
  await open_long_thread(chat, context);
  const shown = () => chat.page.locator('.message').count();
  await eventually(async () => assert.equal(await shown(), 60));
  await chat.page.mouse.move(800, 300);
  await chat.page.mouse.wheel(0, -100_000);
  await eventually(async () => assert.equal(await shown(), 120));
  await eventually(async () => assert.ok((await chat.page.evaluate(() => document.querySelector('.scroller').scrollTop)) > 500));
  await chat.composer.focus();
  for (let i = 0; i < 60 && (await shown()) === 120; i++) await chat.page.keyboard.press('PageUp');
  await eventually(async () => assert.ok((await shown()) > 120, 'Page Up'));
  await chat.page.locator('.scroller').focus();
  await chat.page.keyboard.press('Home');
  await eventually(async () => assert.equal(await shown(), 300));
  await eventually(async () => assert.ok(await chat.page.getByText('Question 0', { exact: true }).isVisible()));
  await eventually(async () => assert.equal(await chat.page.evaluate(() => document.querySelector('.scroller').scrollTop), 0));
});

test('a link to a message leads to it, and what is before it can be read', { scripted: true }, async (chat, context) => {
  await open_long_thread(chat, context, (questions) => `/${questions[40].id}`);
  const linked = chat.page.getByText('Question 40', { exact: true });
  await eventually(async () => assert.ok(await fully_in_view(linked)));
  await chat.page.mouse.move(800, 300);
  await chat.page.mouse.wheel(0, -100_000);
  await eventually(async () => assert.equal(await chat.page.locator('.message').count(), 280));
});
