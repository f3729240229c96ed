// One reply each of several tiny models, made by the scalar kernels: every target computes it again and
// must come to the same tokens and the same hash over every bit of its logits.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { openVerifier } from '../../web/verifier/verifier.mjs';
import {
  checkLines, command, kChromium, kFixtures, kNoArm, kNoChromium, kNoWasm, kRoot, kWasm, makeFixtures,
} from './support.mjs';

let fixtures = [];

before(async () => {
  await command('cmake', '--build', 'build/release', '--target', 'replay_fixtures', 'replay_check', 'parley');
  fixtures = await makeFixtures();
  assert.ok(fixtures.length >= 8);
});

test('x86 or whatever this machine is: every kernel set', async () => {
  for (const fixture of fixtures) {
    const isas = checkLines(await command('build/release/bin/replay_check', fixture.model, fixture.record), fixture, assert);
    assert.ok(isas.includes('scalar'));
  }
});

test('parley verify says so, and says what differs', async () => {
  const [fixture] = fixtures;
  const said = await command('build/release/bin/parley', 'verify', fixture.record, '--model', fixture.model);
  assert.match(said, /^VERIFIED: \d+ tokens/);
  const other = fixtures.find((each) => each.name !== fixture.name);
  await assert.rejects(
    command('build/release/bin/parley', 'verify', fixture.record, '--model', other.model), /is not the model of the record/);
});

test('ARM: NEON with and without sdot, and its unit tests, under qemu', { skip: kNoArm }, async () => {
  await command('./dev', 'build', 'arm64');
  for (const fixture of fixtures) {
    const words = ['-cpu', 'max', 'build/arm64/replay_check', fixture.model, fixture.record];
    const isas = checkLines(await command('qemu-aarch64-static', ...words), fixture, assert);
    assert.deepEqual(isas, ['scalar', 'neon', 'neon-dotprod']);
  }
  const tests = await command('qemu-aarch64-static', '-cpu', 'max', 'build/arm64/nn_tests', '--gtest_brief=1');
  assert.match(tests, /\[ {2}PASSED {2}\]/);
});

test('WebAssembly in Node: SIMD and scalar, any step size', { skip: kNoWasm }, async () => {
  await command('./dev', 'build', 'wasm');
  const wasm = readFileSync(kWasm);
  for (const fixture of fixtures) {
    const verifier = await openVerifier(wasm, readFileSync(fixture.model));
    for (const options of [{}, { chunk: 1 }, { chunk: 7 }, { scalar: true, chunk: 64 }]) {
      const result = await verifier.verify(fixture.text, options);
      assert.equal(result.difference, '', `${fixture.name} ${JSON.stringify(options)}`);
      assert.equal(result.hash, fixture.hash);
      assert.deepEqual(result.tokens, fixture.tokens);
    }
  }
});

test('WebAssembly: what was changed shows', { skip: kNoWasm }, async () => {
  await command('./dev', 'build', 'wasm');
  const wasm = readFileSync(kWasm), [fixture, other] = fixtures, model = readFileSync(fixture.model);
  const verifier = await openVerifier(wasm, model);
  const changed = JSON.parse(fixture.text);
  changed.tokens[3] = (changed.tokens[3] + 1) % 200;
  const result = await verifier.verify(JSON.stringify(changed));
  assert.equal(result.verified, false);
  assert.match(result.difference, /^token \d+ is/);
  await assert.rejects(verifier.verify(other.text), /was made with the model/);
  // After an error the instance is given up.
  model[model.length - 40] ^= 1;
  await assert.rejects(openVerifier(wasm, model), /does not have its SHA-256/);
  await assert.rejects(openVerifier(wasm, model.subarray(0, 5000)), /its header says/);
});

test('WebAssembly in Chromium', { skip: kNoWasm || kNoChromium }, async () => {
  await command('./dev', 'build', 'wasm');
  const { chromium } = await import('playwright-core');
  const served = {
    '/': ['text/html', '<!doctype html><meta charset="utf-8"><title>verifier</title>'],
    '/verifier.mjs': ['text/javascript', readFileSync(`${kRoot}web/verifier/verifier.mjs`)],
    '/replay.wasm': ['application/wasm', readFileSync(kWasm)],
  };
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    const [type, body] = served[request.url] ??
      (fixtures.some((f) => name === `${f.name}.parley`) ? ['application/octet-stream', readFileSync(`${kFixtures}/${name}`)] : []);
    response.writeHead(body ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({
    executablePath: kChromium, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  });
  after(() => {
    server.close();
    return browser.close();
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  for (const fixture of fixtures) {
    const result = await page.evaluate(async ({ name, record }) => {
      const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
      const { openVerifier: open } = await import('/verifier.mjs');
      const verifier = await open(await bytes('/replay.wasm'), await bytes(`/${name}.parley`));
      return verifier.verify(record);
    }, { name: fixture.name, record: fixture.text });
    assert.deepEqual([result.verified, result.hash], [true, fixture.hash], fixture.name);
    assert.deepEqual(result.tokens, fixture.tokens);
  }
});
