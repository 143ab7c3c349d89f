// Files dropped on the page, or opened: made here, byte by byte.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {openSite} from '../support/browser.mjs';
import {click, config, find, kExample, open, report, until} from './page.mjs';

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

// ---- files -----------------------------------------------------------------------------------------------------

const u32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const kTypes = {F32: [0, 1, 4], F16: [1, 1, 2], Q8_0: [8, 32, 34]};  // number, elements and bytes of a block

// A llama of two layers as llama.cpp's converter would write it; `vocabulary` tokens of 24 bytes.
function gguf({vocabulary = 64, layers = 2} = {}) {
  const width = 64;
  const number = (key, value) => Buffer.concat([text(key), u32(4), u32(value)]);
  const metadata = [
    Buffer.concat([text('general.architecture'), u32(8), text('llama')]),
    number('general.file_type', 7),
    number('llama.block_count', layers),
    number('llama.context_length', 4096),
    number('llama.embedding_length', width),
    number('llama.feed_forward_length', 128),
    number('llama.attention.head_count', 4),
    number('llama.attention.head_count_kv', 2),
    Buffer.concat([text('tokenizer.ggml.tokens'), u32(9), u32(8), u64(vocabulary),
                   ...Array.from({length: vocabulary}, (_, i) => text(`token ${i}`.padEnd(24, '.')))]),
  ];
  const tensors = [['token_embd.weight', [width, vocabulary], 'Q8_0'], ['output_norm.weight', [width], 'F32'], ['output.weight', [width, vocabulary], 'Q8_0']];
  for (let i = 0; i < layers; ++i) {
    tensors.push([`blk.${i}.attn_norm.weight`, [width], 'F32'], [`blk.${i}.ffn_norm.weight`, [width], 'F32']);
    for (const [name, rows, columns] of [['attn_q', 64, 64], ['attn_k', 32, 64], ['attn_v', 32, 64], ['attn_output', 64, 64],
                                         ['ffn_gate', 128, 64], ['ffn_up', 128, 64], ['ffn_down', 64, 128]]) {
      tensors.push([`blk.${i}.${name}.weight`, [columns, rows], 'Q8_0']);
    }
  }
  let offset = 0;
  let parameters = 0;
  let bytes = 0;
  const infos = tensors.map(([name, shape, type]) => {
    const [id, elements, block] = kTypes[type];
    const count = shape.reduce((a, b) => a * b, 1);
    const info = Buffer.concat([text(name), u32(shape.length), ...shape.map(u64), u32(id), u64(offset)]);
    const size = count / elements * block;
    parameters += count;
    bytes += size;
    offset += Math.ceil(size / 32) * 32;
    return info;
  });
  const header = Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(metadata.length), ...metadata, ...infos]);
  const padding = Buffer.alloc((32 - header.length % 32) % 32);
  return {content: Buffer.concat([header, padding, Buffer.alloc(offset)]), header: header.length, tensors: tensors.length, parameters, bytes};
}

function safetensors(tensors) {
  let at = 0;
  const entries = tensors.map(([name, dtype, shape, size]) => [name, {dtype, shape, data_offsets: [at, at += size]}]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  return Buffer.concat([u64(header.length), header, Buffer.alloc(at)]);
}

const kConfig = {
  architectures: ['LlamaForCausalLM'], model_type: 'llama', hidden_size: 2048, intermediate_size: 5632, num_hidden_layers: 22,
  num_attention_heads: 32, num_key_value_heads: 4, vocab_size: 32000, max_position_embeddings: 2048, tie_word_embeddings: false, torch_dtype: 'bfloat16',
};

async function drop(page, ...files) {
  await page.evaluate((given) => {
    const transfer = new DataTransfer();
    for (const [name, base64] of given) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    const event = (type) => new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true});
    document.body.dispatchEvent(event('dragover'));
    document.body.dispatchEvent(event('drop'));
  }, files.map(([name, content]) => [name, content.toString('base64')]));
}

const file = (page) => page.evaluate(() => globalThis.plimsoll.file());
const notice = (page) => page.evaluate(() => (document.getElementById('notice').hidden ? '' : document.querySelector('#notice span').textContent));

// ---- tests -----------------------------------------------------------------------------------------------------

test('a GGUF file is read, shown and becomes the model; nothing leaves the browser', async () => {
  const page = await open(site);
  const asked = [];  // but for the browser's own wish for an icon, and the worker's script and module, which are the site's
  page.on('request', (request) => /favicon|assets\/(worker\.\w+\.mjs|plimsoll_worker\.\w+\.wasm)$/.test(request.url()) || asked.push(request.url()));
  const given = gguf();
  await drop(page, ['tiny-Q8_0.gguf', given.content]);
  const known = await until('the file', () => file(page));
  assert.equal(known.kind, 'GGUF');
  assert.equal(known.format, 'gguf-q8_0');
  assert.equal(known.tensors, given.tensors);
  assert.equal(known.parameters, given.parameters);
  assert.equal(known.bytes, given.bytes);
  assert.ok(known.selected, JSON.stringify(known));
  const now = await config(page);
  assert.equal(now.engine, 'llama.cpp');
  assert.equal((await report(page)).weights.total_params, given.parameters);
  assert.equal((await find(page, 'tiny-Q8_0.gguf')).role, 'heading');
  await find(page, 'Layer stack');
  assert.match(await page.textContent('.mirror-file-text'), /tiny-Q8_0\.gguf: GGUF, gguf-q8_0/);
  assert.ok((await page.locator('#mirror-file-tensors tbody tr').count()) > 5);
  assert.deepEqual(asked, []);
  assert.deepEqual(page.complaints, []);
});

test('a header of more than four megabytes of vocabulary', async () => {
  const page = await open(site);
  const given = gguf({vocabulary: 150_000});
  assert.ok(given.header > 4 << 20);
  await drop(page, ['large.gguf', given.content.subarray(0, given.content.length)]);
  const known = await until('the file', () => file(page));
  assert.equal(known.tensors, given.tensors);
  assert.equal(known.bytes, given.bytes);
});

// How long the longest task of the main thread took while `work` ran.
async function longestTask(page, work) {
  await page.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const {duration} of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({entryTypes: ['longtask']});
  });
  await work();
  return page.evaluate(() => globalThis.longest);
}

test('ninety-six megabytes of tokens are passed over in a worker, and the page goes on', {timeout: 600_000}, async (t) => {
  const page = await open(site);
  const content = gguf({vocabulary: 4}).content;
  // The list of tokens is long in the browser only: 3 million of 24 bytes.
  const given = await page.evaluate((base64) => {
    const small = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const word = new TextEncoder().encode('tokenizer.ggml.tokens');
    let at = 0;
    while (!word.every((byte, i) => small[at + i] === byte)) ++at;
    const count = at + word.length + 8;  // after two types
    const tokens = 3_000_000;
    const each = new Uint8Array(32);
    new DataView(each.buffer).setUint32(0, 24, true);
    each.fill(46, 8);
    const list = new Uint8Array(32 * tokens);
    for (let i = 0; i < tokens; ++i) list.set(each, 32 * i);
    const head = small.slice(0, count + 8);
    new DataView(head.buffer).setUint32(count, tokens, true);
    globalThis.largeFile = new File([head, list, small.slice(count + 8 + 4 * 32)], 'tokens.gguf');
    return globalThis.largeFile.size;
  }, content.toString('base64'));
  assert.ok(given > 90e6);
  const longest = await longestTask(page, async () => {
    await page.evaluate(() => {
      const transfer = new DataTransfer();
      transfer.items.add(globalThis.largeFile);
      document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true}));
    });
    await until('the file', () => file(page));
  });
  assert.equal((await file(page)).kind, 'GGUF');
  t.diagnostic(`the longest task of the main thread took ${Math.round(longest)} ms`);
});

test('six megabytes of JSON', {timeout: 600_000}, async (t) => {
  const page = await open(site);
  const map = Object.fromEntries(Array.from({length: 60_000}, (_, i) => [`model.layers.${i % 90}.mlp.experts.${i}.down_proj.weight_scale`, `model-${i % 160}-of-00160.safetensors`]));
  const index = Buffer.from(JSON.stringify({metadata: {total_size: 1e12}, weight_map: map}));
  assert.ok(index.length > 5e6);
  const longest = await longestTask(page, async () => {
    await page.evaluate((text) => {
      globalThis.largeFile = new File([text], 'model.safetensors.index.json');
    }, index.toString());
    await page.evaluate(() => {
      globalThis.longest = 0;
      const transfer = new DataTransfer();
      transfer.items.add(globalThis.largeFile);
      document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true}));
    });
    await until('the file', () => file(page));
  });
  assert.match((await file(page)).remarks.join(' '), /60000 tensors in 160 files/);
  t.diagnostic(`the longest task of the main thread took ${Math.round(longest)} ms`);
});

test('safetensors: the tensors of its shards, and the architecture from the config.json beside it', async () => {
  const page = await open(site, `app/#${kExample}`);
  const before = await config(page);
  const shard = (layer) => safetensors([[`model.layers.${layer}.mlp.up_proj.weight`, 'BF16', [64, 32], 4096], [`model.layers.${layer}.mlp.down_proj.weight`, 'BF16', [32, 64], 4096]]);
  await drop(page, ['model-00001-of-00002.safetensors', shard(0)], ['model-00002-of-00002.safetensors', shard(1)]);
  const known = await until('the file', () => file(page));
  assert.equal(known.kind, 'safetensors');
  assert.equal(known.tensors, 4);
  assert.equal(known.bytes, 16384);
  assert.equal(known.selected, false);
  assert.match(known.remarks.join(' '), /config\.json/);
  assert.deepEqual(await config(page), before);
  await drop(page, ['config.json', Buffer.from(JSON.stringify(kConfig))]);
  await until('the model', async () => typeof (await config(page)).model === 'object');
  assert.equal((await config(page)).model.hidden_size, 2048);
  const still = await file(page);
  assert.equal(still.tensors, 4);
  assert.ok(still.selected);
});

test('an index tells names and the total', async () => {
  const page = await open(site);
  const index = {metadata: {total_size: 123456}, weight_map: {'model.embed_tokens.weight': 'a.safetensors', 'lm_head.weight': 'b.safetensors'}};
  await drop(page, ['model.safetensors.index.json', Buffer.from(JSON.stringify(index))]);
  const known = await until('the file', () => file(page));
  assert.equal(known.kind, 'safetensors index');
  assert.equal(known.bytes, 123456);
  assert.match(known.remarks.join(' '), /2 tensors in 2 files/);
});

test('what cannot be read is refused in one line, and all stays as it was', async () => {
  const page = await open(site, `app/#${kExample}`);
  await drop(page, ['good.gguf', gguf().content]);
  await until('the file', () => file(page));
  const [before, shown] = [await config(page), await file(page)];
  const given = gguf();
  const cases = [
    ['noise.bin', Buffer.from(Array.from({length: 5000}, (_, i) => (i * 197 + 13) & 255))],
    ['empty.gguf', Buffer.alloc(0)],
    ['short.gguf', given.content.subarray(0, given.header - 40)],
    ['claims.gguf', Buffer.concat([Buffer.from('GGUF'), u32(3), u64(2 ** 40), u64(3)])],
    ['huge.safetensors', Buffer.concat([u64(2 ** 50), Buffer.from('{"a":')])],
    ['not.json', Buffer.from('{"architectures": [')],
    ['config.json', Buffer.from('{"architectures":["NobodyKnowsThis"],"model_type":"nobody"}')],
  ];
  for (const [name, content] of cases) {
    await page.evaluate(() => document.querySelector('#notice button').click());
    await until('no notice', async () => (await notice(page)) === '');
    await drop(page, [name, content]);
    const said = await until(`a notice about ${name}`, () => notice(page));
    assert.ok(said.length < 600 && !said.includes('\n'), said);
    assert.deepEqual(await config(page), before, name);
    assert.deepEqual(await file(page), shown, name);
  }
});

test('the canvas’s and the form’s buttons open a file; it can be forgotten', async () => {
  const page = await open(site);
  const ways = [
    [() => click(page, 'Read a model file'), () => click(page, 'Forget the file')],
    [() => page.click('.mirror-file button'), () => page.click('.mirror-file button:nth-of-type(2)')],
  ];
  for (const [ask, forget] of ways) {
    const chooser = page.waitForEvent('filechooser');
    await ask();
    await (await chooser).setFiles({name: 'chosen.gguf', mimeType: 'application/octet-stream', buffer: gguf().content});
    assert.equal((await until('the file', () => file(page))).name, 'chosen.gguf');
    await forget();
    await until('no file', async () => (await file(page)) === null);
    assert.ok(await page.isHidden('#mirror-file-tensors'));
  }
});
