// How long hostile links and large texts and files keep the page from answering, in Chromium: the longest task of the main thread for
// each, in ms. By hand:
//
//   node tests/web/blocking_bench.mjs     (after ./run --build-only)
import {openSite} from '../support/browser.mjs';

const long = (text, bytes) => text.repeat(Math.floor(bytes / text.length));
const base = 'm=llama-3.1-405b&e=llama.cpp&q=gguf-q4_k_m&g=rtx-4090';
const links = {
  'a plain one': 'm=llama-3.1-70b&g=h100-sxm&n=2',
  'nested groups': `${base}&ot=((.?){60}){20}[0-9]zz=CPU`,
  'a thousand patterns': `${base}&ot=${Array.from({length: 1000}, (_, i) => `.*[0-9]zz${i}=CPU`).join(',')}`,
  '64 kB of alternatives': `${base}&ot=(${long('a|', 60000)}b)=CPU`,
  '64 kB of cards': `m=llama-3.1-70b&g=${long('rtx-4090,', 64000)}rtx-4090`,
  '64 kB of unknown keys': long('zz=1&', 64000),
  '64 kB of columns': `m=llama-3.1-70b&g=h100-sxm&t=compare&cmp=${long('n.2;', 64000)}n.4`,
};

// Made in the page: {name: bytes or text, and how it comes}.
const large = {
  'a log of 20 MB, dropped': {how: 'drop', name: 'server.log', text: 'INFO 10:00:00 [gpu_worker.py:298] Available KV cache memory: 41.55 GiB\n', bytes: 20e6},
  'a log of 20 MB, pasted': {how: 'paste', text: 'INFO 10:00:00 [gpu_worker.py:298] Available KV cache memory: 41.55 GiB\n', bytes: 20e6},
  'a trace of 20,000 requests, pasted': {how: 'paste', text: '0,100,20\n', bytes: 180e3},
  'JSON of 6 MB, dropped': {how: 'drop', name: 'config.json', head: '{"architectures":["LlamaForCausalLM"],"list":[0', text: ',{"a":[1,2,3]}', tail: ']}', bytes: 6e6},
  // GGUF, version 3, one key: tokenizer.ggml.tokens, an array of strings of eight bytes.
  'a GGUF with 96 MB of tokens, dropped': {how: 'drop', name: 'model.gguf', gguf: 6e6},
};

const longestOf = (page, act, given) => page.evaluate(async ([source, given]) => {
  const begin = await (new Function(`return (${source})`)())(given);
  await new Promise((resolve) => { setTimeout(resolve, 1000); });
  let most = 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({duration}) => { most = Math.max(most, duration); })).observe({entryTypes: ['longtask']});
  // A task of its own, as what a person does comes in one.
  await new Promise((resolve) => { setTimeout(() => { begin(); resolve(); }); });
  await new Promise((resolve) => { setTimeout(resolve, 5000); });
  return most;
}, [act.toString(), given]);

const follow = (fragment) => () => { location.hash = fragment; };

function hand({how, name, head = '', text, tail = '', bytes, gguf}) {
  function tokens() {
    const key = new TextEncoder().encode('tokenizer.ggml.tokens');
    const data = new Uint8Array(24 + 8 + key.length + 16 + gguf * 16);
    const view = new DataView(data.buffer);
    let at = 0;
    const u32 = (value) => { view.setUint32(at, value, true); at += 4; };
    const u64 = (value) => { u32(value); u32(0); };
    u32(0x46554747); u32(3); u64(0); u64(1);
    u64(key.length); data.set(key, at); at += key.length;
    u32(9); u32(8); u64(gguf);
    for (let i = 0; i < gguf; ++i) { view.setUint32(at, 8, true); at += 16; }
    return data;
  }
  const content = gguf ? tokens() : head + text.repeat(Math.ceil(bytes / text.length)) + tail;
  const data = new DataTransfer();
  if (how === 'drop') data.items.add(new File([content], name));
  else data.setData('text/plain', content);
  return how === 'drop' ? () => document.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}))
                        : () => document.getElementById('canvas').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
}

const site = await openSite();
try {
  const tried = [...Object.entries(links).map(([name, link]) => [name, follow, link.slice(0, 65000)]),
                 ...Object.entries(large).map(([name, what]) => [name, hand, what])];
  for (const [name, act, given] of tried) {
    const page = await site.page();
    await page.goto(`${site.url}app/`);
    await page.evaluate(() => globalThis.plimsoll.ready);
    const longest = await longestOf(page, act, given);
    console.log(`${name}: ${longest < 50 ? 'under 50' : Math.round(longest)} ms`);
    await page.close();
  }
} finally {
  await site.close();
}
