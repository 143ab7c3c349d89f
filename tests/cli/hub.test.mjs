// `--model Org/Repo` of repositories that the catalog does not hold, against a hub of our own on this machine.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {kSha, openHub} from '../support/hub.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = process.env.PLIMSOLL_COMMAND ??
  ['release', 'dev', 'debug'].map(preset => join(root, 'build', preset, 'plimsoll')).find(existsSync);
const cache = mkdtempSync(join(tmpdir(), 'plimsoll-hub-'));
let hub;

before(async () => { hub = await openHub(); });
after(async () => { await hub.close(); rmSync(cache, {recursive: true}); });

function plimsoll(args, environment = {}) {
  return new Promise(resolve => {
    const env = {PATH: process.env.PATH, XDG_CACHE_HOME: cache, ...environment};
    execFile(command, args, {env, maxBuffer: 1 << 26}, (error, out, err) => {
      resolve({code: error ? error.code : 0, out, err});
    });
  });
}
const estimate = (model, more = [], environment) =>
  plimsoll(['estimate', '--model', model, '--gpu', 'rtx-4090', '--max-model-len', '8k', '--json', '--hub', hub.origin, ...more],
    environment);

test('a repository is fetched, said before it happens, and pinned', {skip: !command}, async () => {
  const run = await estimate('Org/Plain');
  assert.equal(run.code, 0, run.err);
  assert.match(run.err, new RegExp(`Asking ${hub.origin} for Org/Plain`));
  const report = JSON.parse(run.out);
  assert.equal(report.weights.total_params, 8030261248);
  assert.equal(report.config.model._commit_hash, kSha);
  assert.equal(report.config.model.bos_token_id, undefined);
  assert.deepEqual(hub.asked.map(request => request.token), [undefined, undefined], 'no token where none is given');
  assert.ok(report.diagnostics.some(diagnostic => diagnostic.code === 'model_from_hub'));
});

test('what is pinned is kept: only the list of files is asked for again', {skip: !command}, async () => {
  hub.asked.length = 0;
  assert.equal((await estimate('Org/Plain')).code, 0);
  assert.deepEqual(hub.asked.map(request => request.path), ['/api/models/Org/Plain/revision/main']);
  assert.ok(readdirSync(join(cache, 'plimsoll', 'hub')).length > 0);
});

test('of a GGUF only the header is fetched', {skip: !command}, async () => {
  hub.asked.length = 0;
  const run = await estimate('Org/Files-GGUF:Q4_K_M');
  assert.equal(run.code, 0, run.err);
  const report = JSON.parse(run.out);
  assert.equal(report.config.engine, 'llama.cpp');
  const file = hub.asked.find(request => request.path.endsWith('.gguf'));
  assert.match(file.range, /^bytes=0-\d+$/);
});

test('a gated repository asks for a token, and takes it', {skip: !command}, async () => {
  const refused = await estimate('Org/Gated');
  assert.equal(refused.code, 2);
  assert.match(refused.err, /gated.*HF_TOKEN/);
  hub.asked.length = 0;
  const taken = await estimate('Org/Gated', [], {HF_TOKEN: 'secret'});
  assert.equal(taken.code, 0, taken.err);
  assert.ok(hub.asked.every(request => request.token === 'Bearer secret'));
  assert.ok(!(taken.out + taken.err).includes('secret'), 'the token is never printed');
});

test('every way not to get a model is one line that says what to do', {skip: !command}, async () => {
  for (const [model, hubArgs, expected] of [
    ['Org/Nowhere', [], /gated, private or not there/],
    ['Org/Adapter', [], /not a language model/],
    ['Org/Files-GGUF:IQ1_S', [], /Files-Q4_K_M\.gguf/],
    ['Org/Plain2', ['--hub', 'http://127.0.0.1:1'], /does not answer/],
    ['Org/Plain2', ['--hub', 'ftp://x'], /--hub/],
    ['Org/Plain2', ['--offline'], /--model|model/],
  ]) {
    const run = await plimsoll(['estimate', '--model', model, ...(hubArgs.length ? hubArgs : ['--hub', hub.origin])]);
    assert.equal(run.code, 2, `${model}: ${run.err}`);
    assert.match(run.err, expected);
  }
});

test('what the catalog holds is never asked for', {skip: !command}, async () => {
  hub.asked.length = 0;
  for (const model of ['Qwen/Qwen3-32B', 'Qwen/Qwen3-32B-AWQ', 'qwen3-32b']) {
    const run = await estimate(model);
    assert.equal(run.code, 0, run.err);
    assert.equal(run.err, '');
  }
  assert.equal(hub.asked.length, 0);
});

test('HF_ENDPOINT changes the origin', {skip: !command}, async () => {
  const run = await plimsoll(['estimate', '--model', 'Org/Plain', '--json'], {HF_ENDPOINT: `${hub.origin}/`});
  assert.equal(run.code, 0, run.err);
});
