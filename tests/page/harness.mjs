// One browser and one server for all tests of a run; each test opens a fresh participant in its own context.
import { after, test as node_test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { kDesktop, launch } from './browser.mjs';
import { choose_target } from './target.mjs';

export { assert };
export { kDesktop, kPhone } from './browser.mjs';

export const target = choose_target();
const started = Promise.all([target.start(), launch()]);
started.catch(() => {});
const axe_source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

after(async () => {
  const [, browser] = await started;
  await browser.close();
  await target.end();
});

// A test with a page of its own: test(name, [{options}], async (chat) => {…}). Options: `scripted`, `restarts` (what the
// target must be able to do; else the test is skipped), `context` (of Playwright).
export function test(name, ...rest) {
  const body = rest.pop();
  const { scripted = false, restarts = false, context: wanted = {} } = rest[0] ?? {};
  const skip =
    (scripted && !target.scripted && 'needs replies that are known') ||
    (restarts && !target.restartable && 'needs a server that can be restarted');
  node_test(name, { skip, timeout: 900_000 }, async () => {
    const [, browser] = await started;
    const context = await browser.newContext({ ...kDesktop, reducedMotion: 'reduce', ...wanted });
    try {
      const chat = new Chat(await context.newPage());
      await chat.open();
      await body(chat, context);
      assert.deepEqual(chat.errors, [], 'the page reports errors');
    } finally {
      await context.close();
    }
  });
}

// Runs `check` until it no longer fails: what a key press or a click brings is on the screen a moment
// later, not at once.
export async function eventually(check, patience_ms = 10_000) {
  const until = Date.now() + patience_ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

// A page, and what a reader does with it.
export class Chat {
  errors = [];

  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => this.errors.push(error.stack ?? error.message));
    page.on('console', (message) => {
      // A refused request is said by the page itself, in the reader's words.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.errors.push(message.text());
      }
    });
  }

  get composer() {
    return this.page.locator('#composer-text');
  }
  get replies() {
    return this.page.locator('.message.assistant[data-message]');
  }
  get questions() {
    return this.page.locator('.message.user[data-message]');
  }
  get last_reply() {
    return this.replies.last();
  }
  get threads() {
    return this.page.locator('.thread');
  }

  async open(hash = '') {
    await this.page.goto(target.url + hash);
    await this.page.waitForSelector('.sidebar, .top');
    await this.page.waitForFunction(() => document.querySelector('#composer-text, .gone') !== null);
  }

  async type(text) {
    await this.composer.fill(text);
  }

  async send(text) {
    await this.type(text);
    await this.page.locator('.send').click();
  }

  // Asks, and waits for the whole reply.
  async ask(text) {
    const before = await this.page.locator('.message').count();
    await this.send(text);
    await this.page.waitForFunction((n) => document.querySelectorAll('.message').length > n, before);
    await this.idle();
    return this.last_reply;
  }

  // Until nothing is being written.
  async idle() {
    await this.page.waitForFunction(
      () =>
        document.querySelector('.send') !== null &&
        document.querySelector('.send.stop, .message[aria-busy="true"], .notice') === null,
      undefined,
      { timeout: 300_000 },
    );
  }

  async writing() {
    await this.page.waitForSelector('.message[data-status="streaming"] .markdown');
  }

  async text_of(locator) {
    return (await locator.locator('.markdown, .bubble').first().innerText()).trim();
  }

  async status() {
    return this.last_reply.getAttribute('data-status');
  }

  // What the screen reader was told last, once it is about `pattern`.
  async announced(pattern) {
    await this.page.waitForFunction(
      (source) => new RegExp(source, 'u').test(document.querySelector('[data-announcement]')?.textContent ?? ''),
      pattern.source,
    );
  }

  async focused() {
    return this.page.evaluate(() => {
      const element = document.activeElement;
      return element?.id || element?.getAttribute('aria-label') || element?.textContent?.trim() || '';
    });
  }

  // A fault that is gone a moment later was a half-drawn screen; one that stays fails the test.
  async axe(where) {
    await this.page.evaluate(axe_source);
    await eventually(() => this.check_with_axe(where), 3000);
  }

  async check_with_axe(where) {
    const result = await this.page.evaluate(() =>
      globalThis.axe.run(document, { resultTypes: ['violations'] }),
    );
    const found = result.violations.map(
      (rule) => `${rule.id}: ${rule.help}\n` + rule.nodes.map((node) => `  ${node.html.slice(0, 200)}\n  ${node.failureSummary}`).join('\n'),
    );
    assert.deepEqual(found, [], `axe finds faults: ${where}`);
  }
}
