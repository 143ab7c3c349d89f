// The native command and the same command as wasm in node answer with the same bytes, for every model of the catalog.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

const run = promisify(execFile);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const native = (args) => answer(join(root, 'build/release/plimsoll'), args);
const wasm = (args) => answer(process.execPath, [join(root, 'build/web/plimsoll_cli.cjs'), ...args]);

async function answer(program, args) {
  try {
    const {stdout, stderr} = await run(program, args, {encoding: 'utf8', maxBuffer: 1 << 28});
    return {code: 0, stdout, stderr};
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return {code: error.code, stdout: error.stdout, stderr: error.stderr};
  }
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
    for (const model of models) {
      const args = ['estimate', '--model', model, ...configuration, '--json'];
      const [here, there] = await Promise.all([native(args), wasm(args)]);
      assert.deepEqual(there, here, model);
      if (here.code === 0) ++answered;
    }
    assert.ok(answered > models.length / 2, `only ${answered} of ${models.length} were answered`);
  });
}

test('the lists and a sweep are the same in both builds', async () => {
  for (const args of [
         ['list', 'models', '--json'], ['list', 'gpus', '--json'], ['list', 'formats', '--json'],
         ['sweep', '--model', 'llama-3.1-70b', '--gpu', 'rtx-4090,h100-80', '--format', 'awq-int4,fp8', '--json'],
       ]) {
    const [here, there] = await Promise.all([native(args), wasm(args)]);
    assert.equal(here.code, 0, here.stderr);
    assert.deepEqual(there, here, args.join(' '));
  }
});
