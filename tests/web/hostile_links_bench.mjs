// How long the page takes to answer hostile links, in Chromium: the longest task of the main thread for each, in ms. By hand:
//
//   node tests/web/hostile_links_bench.mjs     (after ./run --build-only)
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

const site = await openSite();
try {
  for (const [name, link] of Object.entries(links)) {
    const page = await site.page();
    await page.goto(`${site.url}app/`);
    await page.evaluate(() => globalThis.plimsoll.ready);
    await page.waitForTimeout(500);
    const longest = await page.evaluate(async (fragment) => {
      let most = 0;
      new PerformanceObserver((list) => list.getEntries().forEach(({duration}) => { most = Math.max(most, duration); })).observe({entryTypes: ['longtask']});
      location.hash = fragment;
      await new Promise((resolve) => { setTimeout(resolve, 3000); });
      return most;
    }, link.slice(0, 65000));
    console.log(`${name}: ${longest < 50 ? 'under 50' : Math.round(longest)} ms`);
    await page.close();
  }
} finally {
  await site.close();
}
