// The widget in other people's pages.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {openSite, root} from '../support/browser.mjs';
import {serve} from '../support/serve.mjs';
import {config, kExample, open, ready, until} from './page.mjs';

const kMany = 30;  // a browser keeps about sixteen graphics contexts

let site;
let host;
let strict;
let folder;
before(async () => {
  site = await openSite();
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-host-'));
  const page = (body) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A post</title>${body}`;
  const filler = '<p style="height:900px">Text of the post.</p>';
  const element = `<plimsoll-estimate config="${kExample.replaceAll('&', '&amp;')}"></plimsoll-estimate>`;
  writeFileSync(join(folder, 'post.html'), page(`<p>Before.</p><script async src="${site.url}embed.js"></script>${element}${filler}`));
  writeFileSync(join(folder, 'elsewhere.html'), page(''));
  writeFileSync(join(folder, 'sandbox.html'),
                page(`<iframe sandbox="allow-scripts" width="700" height="500" src="${site.url}embed/#${kExample}"></iframe>`));
  writeFileSync(join(folder, 'many.html'), page(Array.from({length: kMany}, (_, i) =>
    `<iframe width="700" height="440" src="${site.url}embed/#m=${i % 2 ? 'llama-3.1-8b' : 'qwen3-8b'}&g=rtx-4090&seqs=${i + 1}"></iframe>`).join('')));
  writeFileSync(join(folder, 'comparison.html'), page(
    `<script async src="${site.url}embed.js"></script><plimsoll-estimate config="m=llama-3.1-8b&amp;g=rtx-4090&amp;ctx=8192&amp;t=compare&amp;cmp=q.fp8;q.awq-int4"></plimsoll-estimate>`));
  strict = await serve(join(root, 'build', 'site'), {cors: false});
  writeFileSync(join(folder, 'strict.html'),
                page(`<iframe sandbox="allow-scripts" width="700" height="500" src="${strict.url}embed/#${kExample}"></iframe>`));
  host = await serve(folder);
});
after(async () => {
  await site?.close();
  await host?.close();
  await strict?.close();
  if (folder) rmSync(folder, {recursive: true});
});

async function embedded(path) {
  const page = await site.page({viewport: {width: 800, height: 700}});
  await page.goto(host.url + path);
  const frame = await until('the frame', () => page.frames().find((f) => f.url().includes('/embed/')));
  await ready(frame);
  return {page, frame};
}

test('one line of HTML, as high as its content, and no scrolling inside', async () => {
  const {page, frame} = await embedded('post.html');
  await until('its height', async () => {
    const [outer, inner] = [await page.locator('iframe').evaluate((f) => f.clientHeight), await frame.evaluate(() => document.body.scrollHeight)];
    return Math.abs(outer - inner) <= 1 && outer !== 440 && outer > 250;
  });
  assert.equal(await frame.evaluate(() => document.documentElement.scrollHeight > innerHeight), false);
  assert.match(await frame.evaluate(() => globalThis.plimsoll.report().verdict), /does_not_fit/);
  assert.deepEqual(page.complaints, []);
});

test('a comparison is embedded with all its columns, and follows what is chosen in it', async () => {
  const {page, frame} = await embedded('comparison.html');
  const table = () => frame.evaluate(() => globalThis.plimsoll.tables()[0]);
  const shown = await until('the table', table);
  assert.equal(shown.header.length, 4);
  assert.ok(shown.rows.length > 5);
  await until('its height', async () => {
    const [outer, inner] = [await page.locator('iframe').evaluate((f) => f.clientHeight), await frame.evaluate(() => document.body.scrollHeight)];
    return Math.abs(outer - inner) <= 1 && outer > 440;
  });
  const address = page.url();
  const vary = await until('a chip', () => frame.evaluate(() => globalThis.plimsoll.semantics().find(({label}) => label === 'Vary: GPU count')));
  const box = await page.locator('iframe').boundingBox();
  await page.mouse.click(box.x + vary.x + vary.width / 2, box.y + vary.y + vary.height / 2);
  await until('other columns', async () => JSON.stringify((await table()).header) !== JSON.stringify(shown.header));
  assert.equal(page.url(), address);
  assert.deepEqual(page.complaints, []);
});

test('the wheel over it scrolls the post', async () => {
  const {page} = await embedded('post.html');
  await page.waitForTimeout(300);
  await page.mouse.move(400, 300);
  await page.mouse.wheel(0, 250);
  await until('the post to scroll', () => page.evaluate(() => scrollY > 50));
});

test('the host sets theme and configuration', async () => {
  const {page, frame} = await embedded('post.html');
  for (const theme of ['dark', 'light']) {
    await page.locator('plimsoll-estimate').evaluate((element, value) => element.setAttribute('theme', value), theme);
    await until(theme, () => frame.evaluate((value) => document.documentElement.dataset.theme === value, theme));
  }
  await page.locator('plimsoll-estimate').evaluate((element) => element.setAttribute('config', 'm=llama-3.1-8b&g=h200'));
  await until('the other model', async () => (await config(page.frames().find((f) => f.url().includes('/embed/')))).model === 'llama-3.1-8b');
});

test('a change stays inside: the host’s history is left alone', async () => {
  const {page, frame} = await embedded('post.html');
  const before = await page.evaluate(() => history.length);
  await frame.evaluate(() => globalThis.plimsoll.set({model: 'qwen3-32b', gpu: 'h200'}));
  await page.waitForTimeout(800);
  assert.equal(await page.evaluate(() => history.length), before);
  assert.match(await frame.evaluate(() => document.querySelector('[data-carries-configuration]').href), /app\/#m=qwen3-32b/);
});

test('it works in a sandbox without storage', async () => {
  const {frame} = await embedded('sandbox.html');
  assert.equal((await config(frame)).model, 'llama-3.1-70b');
});

test('in a sandbox that may not read the files it says so', async () => {
  const page = await site.page();
  await page.goto(`${host.url}strict.html`);
  const frame = await until('the frame', () => page.frames().find((f) => f.url().includes('/embed/')));
  await frame.waitForFunction(() => /sandboxed.*allow-same-origin/.test(document.getElementById('loading').textContent));
});

test('thirty on a page are all alive, and those out of sight hold no graphics context', async () => {
  const page = await site.page({viewport: {width: 800, height: 700}});
  await page.goto(`${host.url}many.html`);
  const frames = page.frames().filter((f) => f.url().includes('/embed/'));
  assert.equal(frames.length, kMany);
  for (const [i, frame] of frames.entries()) {
    await ready(frame);
    assert.equal((await config(frame)).max_num_seqs, i + 1);
  }
  const drawn = () => Promise.all(frames.map((frame) => frame.evaluate(() => document.documentElement.classList.contains('drawn'))));
  await until('the first to draw', async () => (await drawn())[0]);
  assert.ok((await drawn()).filter(Boolean).length < 12, 'those out of sight wait');
  for (let i = 0; i < kMany; ++i) {
    await page.locator('iframe').nth(i).scrollIntoViewIfNeeded();
    await until(`number ${i + 1} to draw`, () => frames[i].evaluate(() => document.documentElement.classList.contains('drawn')));
  }
  for (const frame of frames) {
    assert.equal(await frame.evaluate(() => document.documentElement.classList.contains('mirror-only')), false);
    assert.equal(await frame.evaluate(() => document.querySelector('.mirror-reason').hidden), true);
  }
  assert.deepEqual(page.complaints, []);
});

test('twenty other configurations are no entry in the host’s history', async () => {
  const {page} = await embedded('post.html');
  const before = await page.evaluate(() => history.length);
  for (let i = 1; i <= 20; ++i) {
    await page.locator('plimsoll-estimate').evaluate((element, n) => element.setAttribute('config', `m=llama-3.1-8b&g=h200&seqs=${n}`), i);
    await page.waitForTimeout(20);
  }
  const frame = () => page.frames().find((f) => f.url().includes('/embed/'));
  await until('the last', async () => (await config(frame())).max_num_seqs === 20);
  assert.equal(await page.evaluate(() => history.length), before);
});

test('a frame that went elsewhere sets no height', async () => {
  const {page, frame} = await embedded('post.html');
  await frame.evaluate((url) => location.replace(url), `${host.url}elsewhere.html`);
  const stranger = await until('the stranger', () => page.frames().find((f) => f.url().includes('elsewhere')));
  await stranger.waitForFunction(() => document.title === 'A post');
  const before = await page.locator('iframe').evaluate((f) => f.style.height);
  await stranger.evaluate(() => parent.postMessage({type: 'plimsoll:size', version: 1, id: 'plimsoll-1', height: 9999}, '*'));
  await page.waitForTimeout(200);
  assert.equal(await page.locator('iframe').evaluate((f) => f.style.height), before);
});

test('of a hundred thousand themes the last one stays', async () => {
  const {page, frame} = await embedded('post.html');
  await page.locator('iframe').evaluate((f) => {
    for (let i = 0; i < 100000; ++i) f.contentWindow.postMessage({type: 'plimsoll:theme', theme: i % 2 ? 'dark' : 'light'}, '*');
  });
  await until('dark', () => frame.evaluate(() => document.documentElement.dataset.theme === 'dark'));
  await page.waitForTimeout(300);
  assert.equal(await frame.evaluate(() => document.documentElement.dataset.theme), 'dark');
});

test('after a lost context the picture comes back and nothing speaks of it any more', async () => {
  const page = await open(site, `app/#${kExample}`);
  await page.evaluate(() => {
    globalThis.lost = document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
    globalThis.lost.loseContext();
  });
  await until('the form alone', () => page.evaluate(() => document.documentElement.classList.contains('mirror-only')));
  await page.evaluate(() => globalThis.lost.restoreContext());
  await until('the picture', () => page.evaluate(() => !document.documentElement.classList.contains('mirror-only')));
  assert.equal(await page.evaluate(() => document.querySelector('.mirror-reason').hidden), true);
});

test('alone in a window it works too', async () => {
  const page = await open(site, `embed/#${kExample}`, {viewport: {width: 640, height: 600}});
  assert.equal((await config(page)).model, 'llama-3.1-70b');
  assert.deepEqual(page.complaints, []);
});
