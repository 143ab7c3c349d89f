// Many configurations at once, in a real browser: compare, find, map, undo, and the same by the form.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {openSite, root} from '../support/browser.mjs';
import {click, config, find, open, until} from './page.mjs';

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

const tables = (page) => page.evaluate(() => globalThis.plimsoll.tables());
const hash = (page) => page.evaluate(() => location.hash);

test('a comparison is varied in one click, travels in the link and is the command’s', async () => {
  const page = await open(site, 'app/#m=llama-3.1-70b&q=awq-int4&g=h100-sxm&n=2&ctx=8192');
  await click(page, 'Compare', 'tab');
  await click(page, 'Vary: Format');
  const link = await until('the address', async () => ((await hash(page)).includes('cmp=') ? hash(page) : null));
  const [shown] = await tables(page);
  assert.ok(shown.header.length >= 4, shown.header.join());
  const {stdout, status} = spawnSync(join(root, 'build/release/plimsoll'), ['compare', link, '--json'], {encoding: 'utf8'});
  assert.equal(status, 0);
  const columns = JSON.parse(stdout).columns;
  assert.equal(columns.length, shown.header.length - 1);
  const row = shown.rows.find(([name]) => name === 'Sequences of full length');
  columns.forEach((column, i) => assert.equal(Number.parseFloat(row[i + 1]), Number(column.max_concurrency.toFixed(1))));
  const other = await open(site, `app/${link}`);
  assert.deepEqual(await tables(other), await tables(page));
});

test('changes are undone and done again by keys, and by the browser’s back', async () => {
  const page = await open(site, 'app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192');
  await click(page, 'CUDA graphs', 'switch');
  await until('the address', async () => (await hash(page)).includes('eager=1'));
  await click(page, 'Speed', 'tab');
  await until('the address', async () => (await hash(page)).includes('t=speed'));
  await page.keyboard.press('Control+z');
  await until('the tab before', async () => !(await hash(page)).includes('t=speed'));
  await page.keyboard.press('Control+z');
  await until('the setting before', async () => (await config(page)).enforce_eager === undefined);
  await page.keyboard.press('Control+y');
  await until('the setting again', async () => (await config(page)).enforce_eager === true);
  await page.goBack();
  await until('back', async () => (await config(page)).enforce_eager === undefined);
});

test('find answers what a model needs, and a row opens', async () => {
  const page = await open(site, 'app/#m=qwen3-235b-a22b&g=h100-sxm&ctx=32768&c=8&t=find');
  const [shown] = await until('the answer', async () => {
    const list = await tables(page);
    return list.length > 0 ? list : null;
  }, 30000);
  assert.ok(shown.rows.length > 5);
  assert.match((await find(page, 'Verdict')).value, /layouts hold 8 users at 32,768 tokens/);
  await click(page, `${shown.rows[0][0]}, ${shown.rows[0][2]}`, 'row');
  assert.equal((await find(page, 'Memory', 'tab')).value, 'selected');
  assert.match((await find(page, 'Verdict')).value, /fits/i);
  // Back is undo: the search stands again.
  await until('the address', async () => !(await hash(page)).includes('t=find'));
  await page.goBack();
  await until('the search', async () => (await hash(page)).includes('t=find'));
});

test('a map is made, explains a cell and loads it', async () => {
  const page = await open(site, 'app/#m=llama-3.1-70b&g=h100-sxm&ctx=8192&t=map');
  await until('the map', async () => (await tables(page)).length > 0, 20000);
  const cell = await find(page, 'H200 SXM 141GB, FP8', 'gridcell').catch(() => null);
  const nodes = await page.evaluate(() => globalThis.plimsoll.semantics());
  const some = cell ?? nodes.find(({role, value}) => role === 'gridcell' && /k$/.test(value));
  await page.mouse.move(some.x + some.width / 2, some.y + some.height / 2);
  await until('its words', async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({role, label}) => role === 'status' && label.startsWith(some.label)));
  await page.mouse.click(some.x + some.width / 2, some.y + some.height / 2);
  await until('the cell', async () => (await hash(page)).includes('g=') && !(await hash(page)).includes('t=map'));
  assert.match((await find(page, 'Verdict')).value, /fits|tight/i);
});

test('the form does the same: tab, buttons and real tables', async () => {
  const page = await open(site, 'app/#m=llama-3.1-70b&q=awq-int4&g=h100-sxm&n=2&ctx=8192');
  await until('the tabs', async () => (await page.locator('#mirror-tab option').count()) >= 7);
  await page.selectOption('#mirror-tab', 'Compare');
  await page.locator('#mirror-buttons button', {hasText: 'Vary: GPU count'}).click();
  await until('the columns', async () => (await page.locator('#mirror-tables thead th').count()) >= 5);
  assert.equal((await tables(page))[0].header.length, await page.locator('#mirror-tables thead th').count());
  assert.deepEqual(page.complaints, []);
});

test('the comparison is saved and copied', async () => {
  const page = await site.page({permissions: ['clipboard-read', 'clipboard-write'], viewport: {width: 1440, height: 900}});
  await page.goto(`${site.url}app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=compare&cmp=q.fp8`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  await click(page, 'Export');
  await click(page, 'Copy as Markdown', 'option');
  const copied = await until('the clipboard', () => page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(copied.replaceAll('\r', ''), (await tables(page))[0].markdown);
  for (const kind of ['CSV', 'SVG', 'PNG']) {
    await click(page, 'Export');
    const [download] = await Promise.all([page.waitForEvent('download'), click(page, `Save as ${kind}`, 'option')]);
    assert.match(download.suggestedFilename(), new RegExp(`\\.${kind.toLowerCase()}$`));
  }
  assert.deepEqual(page.complaints, []);
});

test('the last of many questions is the one that is answered', async () => {
  const page = await open(site, 'app/#m=qwen3-8b&g=rtx-4090&ctx=8192&c=2&t=find');
  for (const [context, users] of [[4096, 1], [8192, 2], [16384, 4], [16384, 5]]) {
    await page.evaluate((config) => globalThis.plimsoll.set(config), {model: 'qwen3-8b', gpu: 'rtx-4090', max_model_len: context, concurrency: users});
    await page.waitForTimeout(40);
  }
  await until('its answer', async () => /5 users at 16,384 tokens/.test((await find(page, 'Verdict')).value), 30000);
  const last = await tables(page);
  await page.waitForTimeout(1500);
  assert.deepEqual(await tables(page), last, 'an older answer came after it');
});

test('a search leaves the main thread alone', async (t) => {
  const page = await open(site, 'app/#m=qwen3-235b-a22b&g=h100-sxm&ctx=32768&c=8');
  await page.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => list.getEntries().forEach(({duration}) => { globalThis.longest = Math.max(globalThis.longest, duration); }))
      .observe({entryTypes: ['longtask']});
  });
  for (const tab of ['Find', 'Map']) {
    await click(page, tab, 'tab');
    await until(tab, async () => (await tables(page)).length > 0, 30000);
  }
  t.diagnostic(`the longest task of the main thread took ${await page.evaluate(() => globalThis.longest)} ms`);
  assert.deepEqual(page.complaints, []);
});

test('a frame that may have no worker answers all the same', async () => {
  const page = await site.page();
  await page.route('**/host-of-frame/', (route) => route.fulfill({contentType: 'text/html', body:
    `<iframe sandbox="allow-scripts" src="${site.url}app/#m=qwen3-8b&g=rtx-4090&ctx=8192&t=map" width="900" height="700"></iframe>`}));
  await page.goto(`${site.url}host-of-frame/`);
  const frame = await until('the frame', () => page.frames().find((each) => each.url().includes('/app/')) ?? null);
  await frame.waitForFunction(() => document.documentElement.dataset.ready === 'true');
  await until('the map', () => frame.evaluate(() => globalThis.plimsoll.tables().length > 0), 30000);
});

test('an idle map and comparison draw nothing', async () => {
  const page = await open(site, 'app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=compare&cmp=q.fp8');
  await page.waitForTimeout(1500);
  const before = await page.evaluate(() => globalThis.plimsoll.frames());
  await page.waitForTimeout(800);
  assert.equal(await page.evaluate(() => globalThis.plimsoll.frames()), before);
});
