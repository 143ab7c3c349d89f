// What the page loads, packed and unpacked without a browser.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, readdirSync} from 'node:fs';
import {join as path} from 'node:path';
import {test} from 'node:test';

import {split} from '../../cmake/split_module.mjs';
import {unpack, unpackAll} from '../../web/lzma.mjs';
import {join, streamNames} from '../../web/wasm_streams.mjs';
import {root} from '../support/browser.mjs';

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
// One function of every shape of immediate that the streams know; whether it would validate does not matter here.
const body = [
  1, 3, 0x7f,                                 // three i32 locals
  0x02, 0x40, 0x03, 0x7f, 0x0c, 1, 0x0b, 0x0b,  // blocks and a branch
  0x20, 2, 0x21, 0, 0x22, 2, 0x20, 2,         // locals
  0x41, 0x80, 0x80, 4, 0x28, 2, 8, 0x42, 0x7f, 0x37, 2, 0x80, 1,
  0x43, 1, 2, 3, 4, 0x44, 1, 2, 3, 4, 5, 6, 7, 8,
  0x0e, 2, 0, 1, 0, 0x10, 0xac, 2, 0x11, 5, 0, 0x23, 0, 0x3f, 0, 0xfc, 2, 0xfc, 10, 0, 0, 0xc0, 0x1a,
  0x0b,
];
const moduleWith = (code) => new Uint8Array([
  ...header, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, code.length + 2, 1, code.length, ...code, 11, 3, 1, 2, 3,
]);

test('a module comes out of its streams as it went in', () => {
  const module = moduleWith(body);
  assert.deepEqual(join(split(module)), module);
});

test('a module with an instruction that is not known is left whole', () => {
  assert.throws(() => split(moduleWith([0, 0xfd, 12, 0x0b])), /instruction 0xfd/);
  const module = moduleWith([0, 0xfd, 12, 0x0b]);
  assert.equal(join([module]), module);
});

const packed = (data, lc, lp, pb) => execFileSync('python3', ['-c', `import lzma, sys
sys.stdout.buffer.write(lzma.compress(sys.stdin.buffer.read(), format=lzma.FORMAT_ALONE, filters=[{'id': lzma.FILTER_LZMA1, 'lc': ${lc}, 'lp': ${lp}, 'pb': ${pb}}]))`], {input: data});

test('LZMA streams of several kinds of contexts', () => {
  const text = Buffer.from(readFileSync(new URL(import.meta.url), 'utf8').repeat(3) + 'x'.repeat(5000));
  const noise = Buffer.from(Array.from({length: 3000}, (_, i) => (i * i * 2654435761 >>> 13) & 255));
  for (const data of [text, noise, Buffer.from('a'), Buffer.alloc(0)]) {
    for (const [lc, lp, pb] of [[3, 0, 2], [0, 2, 2], [4, 0, 0], [1, 1, 1]]) {
      const file = packed(data, lc, lp, pb);
      assert.deepEqual(Buffer.from(unpack(file[0], data.length, file.subarray(13))), data, `${data.length} bytes, ${lc} ${lp} ${pb}`);
    }
  }
});

test('the page’s own file unpacks into a module; damaged or cut short, it is refused', async () => {
  const assets = path(root, 'build', 'site', 'assets');
  const name = readdirSync(assets).find((file) => file.endsWith('.lzma'));
  const file = new Uint8Array(readFileSync(path(assets, name)));
  const [regular, semibold, ...streams] = unpackAll(file);
  assert.equal(streams.length, streamNames.length);
  for (const font of [regular, semibold]) assert.deepEqual([...font.subarray(0, 4)], [0, 1, 0, 0]);
  assert.ok(WebAssembly.validate(join(streams)));
  for (const length of [file.length - 1, 20, 7]) assert.throws(() => unpackAll(file.subarray(0, length)), /damaged/);
});
