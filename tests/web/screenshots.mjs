// Takes pictures of the built site:
//
//   node tests/web/screenshots.mjs docs/images         what README.md shows
//   node tests/web/screenshots.mjs --every FOLDER      every tab, light and dark, at a desk, on a tablet and on a phone; with
//                                                      FOLDER/index.html, which shows them beside each other. Names what
//                                                      sticks out sideways, what is too small for a finger, and complaints.
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';

import {openSite} from '../support/browser.mjs';
import {kScreens, outOfReach} from './page.mjs';

const kConfiguration = 'm=llama-3.1-70b&q=awq-int4&g=l40s&n=2&ctx=16384';
const kQuiet = 400;   // ms without anything new
const kMost = 20000;  // ms that a tab may take to settle

const {values: {every}, positionals: [folder]} = parseArgs({options: {every: {type: 'boolean'}}, allowPositionals: true});
if (!folder) {
  console.error('usage: node tests/web/screenshots.mjs [--every] FOLDER');
  process.exit(2);
}
mkdirSync(folder, {recursive: true});
const site = await openSite();

// Until nothing moves and no worker is at it.
async function settle(page) {
  await page.evaluate(() => Promise.all([globalThis.plimsoll.ready, document.fonts.ready]));
  const end = Date.now() + kMost;
  for (let last = ''; Date.now() < end;) {
    const nodes = await page.evaluate(() => globalThis.plimsoll.semantics());
    const now = JSON.stringify(nodes);
    if (now === last && !nodes.some(({role, value}) => role === 'status' && / %$/.test(value))) return;
    last = now;
    await page.waitForTimeout(kQuiet);
  }
}

async function forReadme() {
  for (const colorScheme of ['light', 'dark']) {
    const page = await site.page({colorScheme, viewport: {width: 1440, height: 900}});
    await page.goto(`${site.url}app/#${kConfiguration}`);
    await settle(page);
    await page.screenshot({path: join(folder, `estimator-${colorScheme}.png`)});
  }
}

async function everything() {
  const rows = [];
  for (const [screen, options] of Object.entries(kScreens)) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await site.page({...options, colorScheme});
      await page.goto(`${site.url}app/#${kConfiguration}&c=8`);
      await settle(page);
      const tabs = await page.evaluate(() => globalThis.plimsoll.semantics().filter(({role}) => role === 'tab').map(({label}) => label.toLowerCase()));
      const pictures = [];
      for (const tab of tabs) {
        await page.goto('about:blank');
        await page.goto(`${site.url}app/#${kConfiguration}&c=8&t=${tab}${tab === 'compare' ? '&cmp=q.fp8;n.8' : ''}`);
        await settle(page);
        const name = `${tab}-${screen}-${colorScheme}.png`;
        await page.screenshot({path: join(folder, name)});
        pictures.push(name);
        for (const fault of await outOfReach(page, options)) console.log(`${name}: ${fault}`);
      }
      for (const complaint of page.complaints) console.log(`${screen}, ${colorScheme}: ${complaint}`);
      rows.push({title: `${screen}, ${colorScheme}`, width: options.viewport.width, pictures});
      await page.context().close();
    }
  }
  const figures = ({pictures, width}) => pictures.map((name) =>
    `<a href="${name}"><img src="${name}" alt="${name}" width="${Math.round(width / (width > 500 ? 3 : 1.5))}"></a>`).join('\n');
  writeFileSync(join(folder, 'index.html'), `<!doctype html>
<meta charset="utf-8">
<title>Every tab of the estimator</title>
<style>body{margin:16px;font:14px sans-serif;background:#888;color:#fff}img{margin:4px;vertical-align:top}</style>
${rows.map((row) => `<h2>${row.title}</h2>\n${figures(row)}`).join('\n')}
`);
  console.log(`${rows.reduce((sum, {pictures}) => sum + pictures.length, 0)} pictures; open ${join(folder, 'index.html')}`);
}

await (every ? everything() : forReadme());
await site.close();
