// The native command and the same command as wasm in node answer with the same bytes, for every model of the catalog.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {cpus, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-parity-'));
after(() => rmSync(scratch, {recursive: true}));

const native = (args) => answer(join(root, 'build/release/plimsoll'), args);
const wasm = (args) => answer(process.execPath, [join(root, 'build/web/plimsoll_cli.cjs'), ...args]);

// Output goes to files: a wasm program in node can lose the end of what it writes into a pipe.
let asked = 0;
async function answer(program, args) {
  const paths = [join(scratch, `out-${++asked}`), join(scratch, `err-${asked}`)];
  const files = paths.map((path) => openSync(path, 'w'));
  const [status] = await once(spawn(program, args, {stdio: ['ignore', ...files]}), 'exit');
  files.forEach((file) => closeSync(file));
  const texts = paths.map((path) => readFileSync(path, 'utf8'));
  paths.forEach((path) => rmSync(path));
  return [`exit ${status}`, ...texts].join('\n');
}

// Does `work` on every item, as many at once as there are processors.
async function forEachAtOnce(items, work) {
  const left = [...items];
  const worker = async () => { for (let item; (item = left.shift()) !== undefined;) await work(item); };
  await Promise.all(cpus().map(worker));
}

// Equal, or a failure that shows where they part.
function assertSame(there, here, what) {
  if (there === here) return;
  let at = 0;
  while (there[at] === here[at]) ++at;
  const around = (text) => text.slice(Math.max(0, at - 80), at + 80);
  assert.fail(`${what}: from character ${at}\n  native: …${around(here)}\n  wasm:   …${around(there)}`);
}

const models = readdirSync(join(root, 'models'))
                   .filter((name) => name.endsWith('.json') && name !== 'gpus.json')
                   .map((name) => name.slice(0, -'.json'.length));

const configurations = [
  ['--gpu', 'h100-80', '--gpus', '8'],
  ['--gpu', 'rtx-4090', '--engine', 'llama.cpp', '--format', 'gguf-q4_k_m', '--max-model-len', '16384'],
];

for (const configuration of configurations) {
  test(`estimate ${configuration.join(' ')} --json is the same in both builds`, async () => {
    assert.ok(models.length > 100);
    let answered = 0;
    await forEachAtOnce(models, async (model) => {
      const args = ['estimate', '--model', model, ...configuration, '--json'];
      const here = await native(args);
      assertSame(await wasm(args), here, args.join(' '));
      if (here.startsWith('exit 0')) ++answered;
    });
    assert.ok(answered > models.length / 2, `only ${answered} of ${models.length} were answered`);
  });
}

test('lists, sweeps and refusals are the same in both builds', async () => {
  const answers = [
    ['list', 'models', '--json'], ['list', 'gpus', '--json'], ['list', 'formats', '--json'],
    ['sweep', '--model', 'llama-3.1-70b', '--gpu', 'rtx-4090,h100-80', '--format', 'awq-int4,fp8', '--json'],
  ];
  for (const args of answers) {
    const here = await native(args);
    assert.ok(here.startsWith('exit 0'), here.slice(0, 500));
    assertSame(await wasm(args), here, args.join(' '));
  }
  const refused = ['estimate', '--model', 'no-such-model', '--gpu', 'h100-80'];
  const here = await native(refused);
  assert.ok(here.startsWith('exit 2'));
  assertSame(await wasm(refused), here, refused.join(' '));
});
