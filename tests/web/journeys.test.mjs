// Many configurations by keyboard and by touch: comparison, map, search, palette, undo. What the mouse does stands in
// many.test.mjs.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {openSite} from '../support/browser.mjs';
import {click, config, find, kScreens, open, until} from './page.mjs';

const kFits = 'app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192';
const kPair = `${kFits}&t=compare&cmp=q.fp8`;

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

const tables = (page) => page.evaluate(() => globalThis.plimsoll.tables());
const hash = (page) => page.evaluate(() => location.hash);
const nodes = (page) => page.evaluate(() => globalThis.plimsoll.semantics());
const shown = (page, label, role) => find(page, label, role).catch(() => null);
const focused = async (page) => (await nodes(page)).find((node) => node.focused) ?? null;
const header = async (page) => (await tables(page))[0]?.header ?? [];
// What is shown once a search or a map has been worked out.
const settled = (page, what) => until(what, async () => (await tables(page)).length > 0);

async function intoPicture(page) {
  await page.focus('#copy-link');
  await page.keyboard.press('Tab');
  await page.waitForTimeout(150);
}

// Moves by a key until the keyboard is where it should be.
async function moveTo(page, what, is, key = 'Tab', most = 80) {
  for (let i = 0; i < most; ++i) {
    const node = await focused(page);
    if (node && is(node)) return node;
    await page.keyboard.press(key);
    // A press and what it moves take some frames, on a busy machine as long as they like.
    await page.evaluate(() => {
      for (let frame = 0; frame < 4; ++frame) globalThis.plimsoll.semantics();
    });
    await page.waitForTimeout(20);
  }
  assert.fail(`${what} is not reached by ${key}; the keyboard is at ${JSON.stringify(await focused(page))}`);
}
const called = (label, role) => (node) => node.label === label && (!role || node.role === role);

async function enter(page, what, is) {
  await moveTo(page, what, is);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(200);
}

// One of a menu that hangs open.
async function choose(page, label) {
  await moveTo(page, `"${label}"`, called(label, 'option'), 'ArrowDown', 30);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(200);
}

async function tap(page, label, role) {
  const node = await find(page, label, role);
  await page.touchscreen.tap(node.cx, node.cy);
  await page.waitForTimeout(250);
}

// ---- compare -------------------------------------------------------------------------------------------------

test('a comparison by the keyboard alone: pin, vary, baseline, move, edit, rename, remove, undo', async () => {
  const page = await open(site, kFits);
  await intoPicture(page);
  await page.keyboard.press('p');
  await until('a pin', async () => /cmp=/.test(await hash(page)));
  await enter(page, 'the tab', called('Compare', 'tab'));
  await enter(page, 'Vary', called('Vary: Format'));
  await until('columns', async () => (await header(page)).length >= 4);
  const [, first, second, third] = await header(page);

  // Of the third column the baseline.
  await enter(page, 'its menu', called('More of column 3'));
  await choose(page, 'Make it the baseline');
  await until('the baseline', async () => (await header(page))[1] === third);
  assert.deepEqual((await header(page)).slice(1, 4), [third, first, second]);

  await enter(page, 'its menu', called('More of column 1'));
  await choose(page, 'Move right');
  await until('the order', async () => (await header(page))[1] === first);
  assert.deepEqual((await header(page)).slice(1, 4), [first, third, second]);

  // Edited in place: what is changed on the left changes that column.
  const count = (await header(page)).length;
  await enter(page, 'its menu', called('More of column 2'));
  await choose(page, 'Edit in place');
  await until('that it is edited', async () => /\.e/.test(await hash(page)));
  await enter(page, 'a setting', called('CUDA graphs', 'switch'));
  await until('the change in its column', async () => (await header(page))[2] !== third);
  assert.equal((await header(page)).length, count, 'no other column came');
  await enter(page, 'its menu', called('More of column 2'));
  await choose(page, 'Done editing');

  await enter(page, 'its menu', called('More of column 1'));
  await moveTo(page, 'the name', called('Name of the column'));
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Ours');
  await page.keyboard.press('Enter');
  await until('the name', async () => (await header(page))[1] === 'Ours');
  await until('a step of its own', async () => /Ours/.test(await hash(page)));

  await enter(page, 'its menu', called('More of column 1'));
  await choose(page, 'Remove');
  await until('one less', async () => (await header(page)).length === count - 1 && !(await header(page)).includes('Ours'));
  await page.keyboard.press('Control+z');
  await until('it is back', async () => (await header(page)).includes('Ours'));
  await page.keyboard.press('Control+y');
  await until('it is gone again', async () => !(await header(page)).includes('Ours'));
  assert.deepEqual(page.complaints, []);
});

test('Together by keyboard, and a column of it opened', async () => {
  const page = await open(site, kPair);
  await intoPicture(page);
  await enter(page, 'Together', called('Together'));
  await until('the link', async () => /tog=1/.test(await hash(page)));
  const tenant = await until('the tenants', async () => (await nodes(page)).find(({role, value}) => role === 'row' && /needs/.test(value)));
  await enter(page, 'a tenant', called(tenant.label, 'row'));
  await until('its share', async () => (await config(page)).gpu_memory_utilization !== undefined);
});

test('a comparison by touch', async () => {
  const page = await open(site, kPair, kScreens.phone);
  assert.equal((await header(page)).length, 3);
  await tap(page, 'Vary: GPU count');
  await until('columns', async () => (await header(page)).length >= 4);
  const before = await header(page);
  // The menu of the last column lies far below: a finger scrolls there.
  await page.evaluate((y) => window.scrollTo(0, y), (await find(page, 'More of column 2')).y - 200);
  await page.waitForTimeout(300);
  await tap(page, 'More of column 2');
  await tap(page, 'Remove', 'option');
  await until('one less', async () => (await header(page)).length === before.length - 1);
});

// ---- map -----------------------------------------------------------------------------------------------------

test('a map by the keyboard alone: arrows explain cells, Enter opens one, Shift and Enter pin one', async () => {
  const page = await open(site, `${kFits}&t=map`);
  await settled(page, 'the map');
  await intoPicture(page);
  const cell = await moveTo(page, 'a cell', ({role}) => role === 'gridcell');
  const words = (label) => until(`the words of ${label}`, async () => (await nodes(page)).find((node) => node.role === 'status' && node.label.startsWith(`${label}:`)));
  await words(cell.label);
  await page.keyboard.press('ArrowRight');
  const right = await until('the next', async () => {
    const node = await focused(page);
    return node?.role === 'gridcell' && node.label !== cell.label ? node : null;
  });
  assert.equal(Math.round(right.y), Math.round(cell.y), 'to the right, not below');
  await words(right.label);
  await page.keyboard.press('ArrowDown');
  const below = await until('the one below', async () => {
    const node = await focused(page);
    return node?.role === 'gridcell' && node.label !== right.label ? node : null;
  });
  assert.equal(Math.round(below.x), Math.round(right.x), 'below, not aside');
  await words(below.label);
  await moveTo(page, 'one that fits', ({role, value}) => role === 'gridcell' && /k$/.test(value), 'ArrowDown', 12);
  await page.keyboard.press('Shift+Enter');
  await until('a pin', async () => /cmp=/.test(await hash(page)));
  assert.match(await hash(page), /t=map/, 'the map still stands');
  await page.keyboard.press('Enter');
  await until('the cell', async () => !/t=map/.test(await hash(page)));
  assert.match((await find(page, 'Verdict')).value, /fits|tight/i);
  assert.deepEqual(page.complaints, []);
});

test('a map’s axes by keyboard, with small multiples', async () => {
  const page = await open(site, `${kFits}&t=map`);
  await settled(page, 'the map');
  await intoPicture(page);
  await enter(page, 'the third axis', called('Repeat by: nothing'));
  await choose(page, 'GPU count');
  await until('several maps', async () => (await tables(page)).length > 1);
  await until('its place in the link', async () => /z\.gpus/.test(await hash(page)));
  const captions = (await tables(page)).map(({caption}) => caption);
  assert.equal(new Set(captions).size, captions.length, 'each says which it is');
});

test('a map by touch: a cell opens', async () => {
  const page = await open(site, `${kFits}&t=map`, kScreens.phone);
  await settled(page, 'the map');
  const cell = (await nodes(page)).find(({role, value, y}) => role === 'gridcell' && /k$/.test(value) && y < 780);
  await page.touchscreen.tap(cell.x + cell.width / 2, cell.y + cell.height / 2);
  await until('the cell', async () => !/t=map/.test(await hash(page)));
});

// ---- find ----------------------------------------------------------------------------------------------------

test('a search by the keyboard alone: the other door, filters, and a row', async () => {
  const page = await open(site, 'app/#m=qwen3-8b&g=rtx-4090&ctx=8192&c=1&t=find');
  await settled(page, 'the search');
  await intoPicture(page);
  await enter(page, 'the other door', called('What can I run'));
  await until('models', async () => (await header(page)).includes('Licence'));
  await enter(page, 'the task', called('Task: Any'));
  await choose(page, 'Images');
  await until('the task in the link', async () => /task\.images/.test(await hash(page)));
  await enter(page, 'the licence', called('Licence: Any'));
  await choose(page, 'For any use');
  await until('the licence in the link', async () => /license\.open/.test(await hash(page)));
  const column = (name) => async () => {
    const [table] = await tables(page);
    return table ? table.rows.map((row) => row[table.header.indexOf(name)]) : [];
  };
  await until('only those', async () => {
    const [tasks, licences] = [await column('For')(), await column('Licence')()];
    return tasks.length > 3 && tasks.every((text) => text.includes('images')) && licences.every((text) => ['Apache 2.0', 'MIT'].includes(text));
  });
  assert.match((await nodes(page)).map(({label}) => label).join(), /left out because it is not known of/);
  await enter(page, 'the engine', ({label}) => label.startsWith('Engine: vLLM'));
  await choose(page, 'llama.cpp');
  await until('the engine', async () => /engine\.llama\.cpp/.test(await hash(page)));
  await until('its formats', async () => (await column('Format')()).length > 3 && (await column('Format')()).every((text) => !/FP8|AWQ|GPTQ/.test(text)));
  const row = await moveTo(page, 'a row', ({role}) => role === 'row');
  await page.keyboard.press('Enter');
  await until('the row', async () => !/t=find/.test(await hash(page)));
  assert.equal((await config(page)).engine, 'llama.cpp');
  assert.ok(row.label.length > 0);
  await page.keyboard.press('Control+z');
  await until('the search again', async () => /t=find/.test(await hash(page)));
  assert.match(await hash(page), /task\.images!license\.open!engine\.llama\.cpp/);
  assert.deepEqual(page.complaints, []);
});

test('a search is ranked and pinned by keyboard', async () => {
  const page = await open(site, 'app/#m=qwen3-32b&g=h100-sxm&ctx=16384&c=8&t=find');
  await settled(page, 'the search');
  await intoPicture(page);
  const first = (await tables(page))[0].rows[0].join();
  await enter(page, 'the rank', called('Rank by: M tokens'));
  await until('another order', async () => /rank\.mtok/.test(await hash(page)) && (await tables(page))[0]?.rows[0].join() !== first);
  const at = (await header(page)).indexOf('Per M tokens');
  const prices = (await tables(page))[0].rows.map((row) => Number(row[at].replace('$', '')));
  for (let i = 1; i < prices.length; ++i) assert.ok(Number.isNaN(prices[i]) || prices[i] >= prices[i - 1], prices.join());
  await enter(page, 'the first pin', called('Pin row 1'));
  await until('a pin', async () => /cmp=/.test(await hash(page)));
});

test('a search by touch: a filter, and a row', async () => {
  const page = await open(site, 'app/#m=qwen3-8b&g=rtx-4090&ctx=8192&c=1&t=find&find=run', kScreens.phone);
  await settled(page, 'the search');
  await tap(page, 'Task: Any');
  await tap(page, 'Code', 'option');
  await until('the filter', async () => /task\.code/.test(await hash(page)));
  await until('only those', async () => {
    const [table] = await tables(page);
    return table?.rows.length > 0 && table.rows.every((row) => row[table.header.indexOf('For')].includes('code'));
  });
  const row = (await nodes(page)).find(({role, y}) => role === 'row' && y > 200 && y < 780);
  await page.touchscreen.tap(row.x + row.width / 3, row.y + row.height / 2);
  await until('the row', async () => !/t=find/.test(await hash(page)));
});

// ---- what keeps the limits -------------------------------------------------------------------------------------

const kLimits = `&c=4&w=~${Buffer.from(JSON.stringify({ttft_ms: 1000, tpot_ms: 40})).toString('base64url')}`;

test('with limits on the load a comparison and a search say what keeps them, in the picture and in the form', async () => {
  const page = await open(site, `${kFits}${kLimits}&t=compare&cmp=q.fp8`);
  const row = await until('the row', async () => (await tables(page))[0]?.rows.find(([name, ...cells]) => /within limits/i.test(name) && cells.every((cell) => /\d/.test(cell))));
  for (const cell of row.slice(1)) assert.ok(Number.parseInt(cell.replace(/\D*/, ''), 10) >= 1, row.join());
  const inForm = await until('the form', async () => page.locator('#mirror-tables tbody th', {hasText: /within limits/i}).count());
  assert.ok(inForm > 0);
  await click(page, 'Find', 'tab');
  const found = await until('the column', async () => {
    const [table] = await tables(page);
    const at = table?.header.findIndex((name) => /within limits/i.test(name)) ?? -1;
    return at > 0 && /\d/.test(table.rows[0]?.[at] ?? '') ? table.rows[0][at] : null;
  });
  assert.ok(Number.parseInt(found.replace(/\D*/, ''), 10) >= 1, found);
  const text = (await nodes(page)).map(({label}) => label).join();
  assert.match(text, /nine of ten requests/);
});

// ---- the list of everything ------------------------------------------------------------------------------------

test('the palette by keyboard: a card, a tab, an action, and undo of each', async () => {
  const page = await open(site, kFits);
  const pick = async (text) => {
    await page.keyboard.press('Control+k');
    await until('the list', () => shown(page, 'Search or do anything', 'searchbox'));
    await page.keyboard.type(text);
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
  };
  await intoPicture(page);
  await pick('h100 sxm');
  await until('the card', async () => (await config(page)).gpu.includes('h100-sxm'));
  await pick('schedule');
  await until('the tab', async () => /t=schedule/.test(await hash(page)));
  await pick('pin');
  await until('the action', async () => /cmp=/.test(await hash(page)));
  for (const [what, is] of [['the pin', async () => !/cmp=/.test(await hash(page))], ['the tab', async () => !/t=schedule/.test(await hash(page))],
                            ['the card', async () => (await config(page)).gpu.includes('rtx-4090')]]) {
    await page.keyboard.press('Control+z');
    await until(`${what} undone`, is);
  }
  await page.keyboard.press('Control+Shift+z');
  await until('the card again', async () => (await config(page)).gpu.includes('h100-sxm'));
});

for (const [screen, options] of Object.entries(kScreens)) {
  test(`the palette opens in sight of whoever reads the form: ${screen}`, async () => {
    const page = await open(site, kFits, options);
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
    await until('the picture to be left', () => page.evaluate(() => document.getElementById('canvas').getBoundingClientRect().top < -100));
    await page.keyboard.press('Control+k');
    await until('the list', () => shown(page, 'Search or do anything', 'searchbox'));
    const field = await find(page, 'Search or do anything', 'searchbox');
    const {top, header} = await page.evaluate(() => ({top: document.getElementById('canvas').getBoundingClientRect().top,
                                                      header: document.getElementById('header').offsetHeight}));
    assert.ok(Math.abs(top) < 1, `the picture begins at ${top}`);
    assert.ok(field.y >= header && field.y + field.height <= options.viewport.height, `the field is at ${field.y}`);
    await page.keyboard.type('h100 sxm');
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await until('the card', async () => (await config(page)).gpu.includes('h100-sxm'));
  });
}

test('the palette by touch', async () => {
  const page = await open(site, kFits, kScreens.phone);
  await page.tap('#palette-button');
  await until('the list', () => shown(page, 'Search or do anything', 'searchbox'));
  await page.keyboard.type('qwen3 14b');
  await page.waitForTimeout(300);
  const option = (await nodes(page)).find(({role, label}) => role === 'option' && /Qwen3 14B/.test(label));
  await page.touchscreen.tap(option.x + option.width / 2, option.y + option.height / 2);
  await until('the model', async () => (await config(page)).model === 'qwen3-14b');
});
