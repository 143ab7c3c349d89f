// The widget in other people's pages.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {openSite} from '../support/browser.mjs';
import {serve} from '../support/serve.mjs';
import {config, kExample, open, ready, until} from './page.mjs';

let site;
let host;
let folder;
before(async () => {
  site = await openSite();
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-host-'));
  const page = (body) => `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A post</title>${body}`;
  const filler = '<p style="height:900px">Text of the post.</p>';
  const element = `<plimsoll-estimate config="${kExample.replaceAll('&', '&amp;')}"></plimsoll-estimate>`;
  writeFileSync(join(folder, 'post.html'), page(`<p>Before.</p><script async src="${site.url}embed.js"></script>${element}${filler}`));
  writeFileSync(join(folder, 'sandbox.html'),
                page(`<iframe sandbox="allow-scripts" width="700" height="500" src="${site.url}embed/#${kExample}"></iframe>`));
  host = await serve(folder);
});
after(async () => {
  await site?.close();
  await host?.close();
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

test('alone in a window it works too', async () => {
  const page = await open(site, `embed/#${kExample}`, {viewport: {width: 640, height: 600}});
  assert.equal((await config(page)).model, 'llama-3.1-70b');
  assert.deepEqual(page.complaints, []);
});
