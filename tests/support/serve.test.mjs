import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {serve} from './serve.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');

test('a path that no file system takes is not found, and the server goes on', async () => {
  const server = await serve(here);
  try {
    for (const path of ['a'.repeat(300), 'a/'.repeat(3000), '%00', '%ff', '..%2f..%2fetc/passwd', 'serve.mjs/x']) {
      assert.equal((await fetch(server.url + path)).status, 404, path.slice(0, 20));
    }
    assert.equal((await fetch(server.url + 'serve.mjs')).status, 200);
  } finally {
    await server.close();
  }
});

test('./run refuses a PORT that is none before it builds', () => {
  for (const port of ['abc', '-1', '65536', '1e3', '8080 ']) {
    const run = spawnSync('./run', [], {cwd: root, env: {...process.env, PORT: port}, encoding: 'utf8', timeout: 60_000});
    assert.equal(run.status, 2, port);
    assert.match(run.stderr, /PORT cannot be/);
    assert.equal(run.stdout, '');
  }
});

test('actions are pinned by commit', () => {
  const uses = readFileSync(join(root, '.github/workflows/ci.yml'), 'utf8').match(/uses: .*/g);
  assert.ok(uses.length > 0);
  for (const line of uses) assert.match(line, /@[0-9a-f]{40} {2}# v\d/);
});
