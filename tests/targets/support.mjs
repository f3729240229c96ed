// What the tests of the targets share: commands, the fixtures, and what each target's tools need.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const kRoot = fileURLToPath(new URL('../../', import.meta.url));
export const kFixtures = join(kRoot, 'build/targets');
export const kWasm = join(kRoot, 'build/wasm/replay.wasm');
export const kChromium = process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium';

/** Runs a command in the repository's root; its standard output. A failure carries what it printed. */
export async function command(program, ...words) {
  try {
    const { stdout } = await run(program, words, { cwd: kRoot, maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    throw new Error(`${program} ${words.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  }
}

/** Why a target cannot be built here, or false. */
export const kNoWasm = !existsSync('/usr/include/wasm32-wasi') && 'there is no wasi-libc here';
export const kNoArm =
  (!existsSync('/usr/aarch64-linux-gnu/include/c++') && 'there is no g++-aarch64-linux-gnu here') ||
  (!existsSync('/usr/bin/qemu-aarch64-static') && 'there is no qemu-user-static here');
export const kNoChromium = !existsSync(kChromium) && `there is no browser at ${kChromium}`;

/** Makes the models and records anew; [{ name, model, record, text, hash, tokens }]. */
export async function makeFixtures() {
  rmSync(kFixtures, { recursive: true, force: true });
  mkdirSync(kFixtures, { recursive: true });
  await command('build/release/bin/replay_fixtures', kFixtures);
  return readdirSync(kFixtures)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const record = join(kFixtures, file), text = readFileSync(record, 'utf8'), { hash, tokens } = JSON.parse(text);
      return { name: file.slice(0, -5), model: record.replace(/json$/, 'parley'), record, text, hash, tokens };
    });
}

/** Holds every line 'ISA CHUNK HASH VERIFIED' of replay_check against the record's hash; the ISAs seen. */
export function checkLines(output, fixture, assert) {
  const lines = output.trim().split('\n');
  for (const line of lines) {
    const [isa, chunk, hash, ...verdict] = line.split(' ');
    assert.equal(`${hash} ${verdict.join(' ')}`, `${fixture.hash} VERIFIED`, `${fixture.name}, ${isa}, ${chunk} at a time`);
  }
  return [...new Set(lines.map((line) => line.split(' ')[0]))];
}
