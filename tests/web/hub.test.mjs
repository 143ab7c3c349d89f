// A model by its name, in the page: the catalog first, the hub only when somebody presses for it. The hub is one of our
// own on this machine, which the page is told of as a site with another hub would tell it: in its own HTML, where the
// policy stands, too.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {openSite} from '../support/browser.mjs';
import {kSha, openHub} from '../support/hub.mjs';
import {click, config, find, ready, report, unfold, until} from './page.mjs';

let site;
let hub;
before(async () => {
  // The hub is on this machine, which Chromium guards against pages by a permission of its own.
  site = await openSite({args: ['--disable-features=LocalNetworkAccessChecks']});
  hub = await openHub();
});
after(async () => {
  await site?.close();
  await hub?.close();
});

async function open({hash = '', origin = hub.origin, allowed = origin, ...options} = {}) {
  hub.asked.length = 0;
  const page = await site.page({viewport: {width: 1440, height: 900}, ...options});
  page.elsewhere = [];
  page.on('request', (request) => request.url().startsWith(site.url) || page.elsewhere.push(request.url()));
  await page.route(/\/app\/(#.*)?$/, async (route) => {
    const response = await route.fetch();
    const html = (await response.text()).replace('content="https://huggingface.co"', `content="${origin}"`)
      .replace("connect-src 'self' https://huggingface.co", `connect-src 'self' ${allowed}`);
    await route.fulfill({response, body: html});
  });
  await page.goto(`${site.url}app/${hash}`);
  await ready(page);
  await unfold(page);
  return page;
}

async function search(page, text) {
  await click(page, 'Model', 'combobox');
  const field = await find(page, 'Search models');
  await page.mouse.click(field.cx, field.cy);
  await page.keyboard.type(text);
  await page.waitForTimeout(150);
}

const shown = async (page) => (await page.evaluate(() => globalThis.plimsoll.semantics())).map(({label}) => label);
const hubHost = () => new URL(hub.origin).host;

test('the policy allows the site itself, the hub and its storage, and nobody else', async () => {
  const html = await (await fetch(`${site.url}app/`)).text();
  assert.match(html, /connect-src 'self' https:\/\/huggingface\.co https:\/\/\*\.hf\.co;/);
});

test('repositories of the catalog are found at once, checkpoints with their format, and nobody is asked', async () => {
  const page = await open();
  for (const [typed, model, format] of [['Qwen/Qwen3-32B', 'qwen3-32b', undefined], ['Qwen/Qwen3-32B-AWQ', 'qwen3-32b', 'awq-int4'],
                                        ['https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct', 'llama-3.1-8b', undefined]]) {
    await search(page, typed);
    assert.ok(!(await shown(page)).some((label) => label.startsWith('Fetch ')), typed);
    await page.keyboard.press('Enter');
    await until(typed, async () => (await config(page)).model === model);
    if (format) assert.equal((await config(page)).format, format);
  }
  assert.deepEqual(page.elsewhere, []);
  assert.deepEqual(page.complaints, []);
});

test('any other is fetched when the row that says so is pressed, pinned, and opens from its link alone', async () => {
  const page = await open({hash: '#m=llama-3.1-8b&g=rtx-4090&ctx=8192'});
  await search(page, 'Org/Indexed');
  assert.deepEqual(page.elsewhere, [], 'typing asks nobody');
  await click(page, `Fetch Org/Indexed from ${hubHost()}`);
  await until('the model', async () => typeof (await config(page)).model === 'object');
  const now = await config(page);
  assert.equal(now.model._name_or_path, 'Org/Indexed');
  assert.equal(now.model._commit_hash, kSha);
  assert.equal((await report(page)).weights.total_params, 8030261248);
  assert.deepEqual(hub.asked.map(({path}) => path.split('/').at(-1)), ['main', 'config.json', 'model.safetensors.index.json']);
  assert.ok(page.elsewhere.every((url) => url.startsWith(hub.origin)));
  const file = await page.evaluate(() => globalThis.plimsoll.file());
  assert.equal(file.bytes, 16060522496);
  await find(page, `Org/Indexed at ${kSha.slice(0, 12)}, from ${hubHost()}`);

  await until('the address', async () => page.url().includes('m=~'));
  const url = page.url();
  assert.ok(url.length < 2000, `${url.length} characters`);
  const again = await open({hash: url.slice(url.indexOf('#'))});
  assert.deepEqual(await config(again), now);
  assert.deepEqual(again.elsewhere, []);
  assert.deepEqual(page.complaints, []);
});

test('of files only the beginning: a single safetensors file, and the GGUF files of a repository, listed with their sizes', async () => {
  const page = await open();
  await search(page, 'Org/Single');
  await click(page, `Fetch Org/Single from ${hubHost()}`);
  await until('the model', async () => typeof (await config(page)).model === 'object');
  assert.match(hub.asked.at(-1).range, /^bytes=0-\d+$/);
  assert.equal((await page.evaluate(() => globalThis.plimsoll.file())).tensors, 2);

  await search(page, 'Org/Files-GGUF');
  await click(page, `Fetch Org/Files-GGUF from ${hubHost()}`);
  await until('the GGUF', async () => (await config(page)).engine === 'llama.cpp');
  assert.match(hub.asked.at(-1).path, /Files-Q4_K_M\.gguf$/);
  const choice = await find(page, 'GGUF of the repository', 'combobox');
  assert.match(choice.value, /Files-Q4_K_M\.gguf, 3\.1 MB/);
  await click(page, 'GGUF of the repository', 'combobox');
  const asked = hub.asked.length;
  await click(page, (await shown(page)).find((label) => label.startsWith('Files-Q8_0.gguf')), 'option');
  await until('the other file', async () => hub.asked.length > asked && hub.asked.at(-1).path.endsWith('Files-Q8_0.gguf'));
});

test('a gated one asks for a token, which goes into the request and nowhere else', async () => {
  const page = await open();
  await search(page, 'Org/Gated');
  await click(page, `Fetch Org/Gated from ${hubHost()}`);
  await until('what is wrong', async () => (await shown(page)).some((label) => /gated/.test(label)));
  const field = await find(page, 'Access token');
  await page.mouse.click(field.cx, field.cy);
  await page.keyboard.type('secret');
  await page.waitForTimeout(100);
  assert.equal((await find(page, 'Access token')).value, 'set');
  await click(page, 'Fetch Org/Gated again');
  await until('the model', async () => typeof (await config(page)).model === 'object');
  assert.equal(hub.asked.at(-1).token, 'Bearer secret');
  await page.waitForTimeout(600);
  const everything = await page.evaluate(() => [location.href, document.documentElement.outerHTML, JSON.stringify(globalThis.plimsoll.semantics()),
    JSON.stringify(globalThis.plimsoll.config()), JSON.stringify({...localStorage}), document.cookie].join('\n'));
  assert.ok(!everything.includes('secret'));
});

test('every way not to get a model is said, and nothing else has changed', async () => {
  const page = await open();
  const was = await config(page);
  const fetchFails = async (name, expected) => {
    await search(page, name);
    await click(page, `Fetch ${name.split(':')[0]} from ${hubHost()}`);
    await until(`${name}: ${expected}`, async () => (await shown(page)).some((label) => expected.test(label)));
    assert.deepEqual(await config(page), was);
  };
  await fetchFails('Org/Nowhere', /gated, private or not there/);
  await fetchFails('Org/Adapter', /not a language model/);
  await fetchFails('Org/Files-GGUF:IQ1_S', /Files-Q4_K_M\.gguf/);
  await fetchFails('Org/Strange', /NobodyKnowsThis/);
  await fetchFails('Org/Closed', /does not let other pages read this \(CORS\)/);
  await page.context().setOffline(true);
  await fetchFails('Org/Plain', /offline/);
  await page.context().setOffline(false);
});

test('no answer, and a hub that the policy does not allow', async () => {
  const unreachable = await open({origin: 'http://127.0.0.1:9', allowed: 'http://127.0.0.1:9'});
  await search(unreachable, 'Org/Plain');
  await click(unreachable, 'Fetch Org/Plain from 127.0.0.1:9');
  await until('no answer', async () => (await shown(unreachable)).some((label) => /cannot be reached/.test(label)));
  const forbidden = await open({allowed: 'https://huggingface.co'});
  await search(forbidden, 'Org/Plain');
  await click(forbidden, `Fetch Org/Plain from ${hubHost()}`);
  await until('the policy', async () => (await shown(forbidden)).some((label) => /own policy/.test(label)));
  assert.deepEqual(hub.asked, []);
});

test('the form does the same, and works alone', async () => {
  const page = await open();
  const status = () => page.textContent('#mirror-hub-status');
  await page.fill('#mirror-hub-name', 'Qwen/Qwen3-32B-AWQ');
  await page.click('.mirror-hub button[type=submit]');
  await until('the catalog', async () => /nobody was asked/.test(await status()));
  assert.equal((await config(page)).format, 'awq-int4');
  assert.deepEqual(hub.asked, []);
  await page.fill('#mirror-hub-name', `${'https://huggingface.co/'}Org/Plain/tree/${kSha}`);
  await page.click('.mirror-hub button[type=submit]');
  await until('the model', async () => /is the model of this page/.test(await status()));
  assert.equal(hub.asked[0].path, `/api/models/Org/Plain/revision/${kSha}`);
  await page.fill('#mirror-hub-name', 'Org/Gated');
  await page.click('.mirror-hub button[type=submit]');
  await until('gated', async () => /gated/.test(await status()));
  await page.fill('#mirror-hub-token', 'secret');
  await page.click('.mirror-hub button[type=submit]');
  await until('the gated model', async () => (await config(page)).model?._name_or_path === 'Org/Gated');
  assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes('secret'));
});
