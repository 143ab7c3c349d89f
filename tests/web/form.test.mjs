// The form below the picture says and does what the picture does, tab by tab; and sources lead out of both.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {openSite} from '../support/browser.mjs';
import {config, find, kScreens, open, outOfReach, until} from './page.mjs';

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

const kTooBig = 'app/#m=llama-3.1-70b&q=awq-int4&g=rtx-4090&ctx=16384';
const kFits = 'app/#m=llama-3.1-70b&q=awq-int4&g=rtx-4090&n=4&ctx=16384&c=8';
const shownText = (page, selector) => page.textContent(selector);

for (const [screen, options] of Object.entries(kScreens)) {
  test(`the ways out stand in the form, too: ${screen}`, async () => {
    const page = await open(site, kTooBig, options);
    await until('the ways out', async () => (await page.locator('#mirror-ways button').count()) > 0);
    const first = page.locator('#mirror-ways button').first();
    const [label] = (await first.textContent()).split(':');
    assert.ok((await page.evaluate(() => globalThis.plimsoll.semantics())).some((node) => node.role === 'button' && node.label === label), `the picture has "${label}", too`);
    await first.click();
    await until('an answer that fits', async () => ['fits', 'tight'].includes(await page.getAttribute('#mirror-verdict', 'data-verdict')));
    await until('no ways out', () => page.isHidden('#mirror-ways'));
    assert.deepEqual(page.complaints, []);
  });
}

test('what is refused stands at its field, in its words, and goes when it is mended', async () => {
  const page = await open(site, kFits);
  for (const [id, wrong] of [['mirror-tp', 'three'], ['mirror-max-model-len', '-4'], ['mirror-workload-turns', '0'], ['mirror-view-budget', 'much']]) {
    await page.fill(`#${id}`, wrong);
    await page.press(`#${id}`, 'Tab');
    const field = page.locator('.mirror-field', {has: page.locator(`#${id}`)});
    assert.equal(await field.locator('[role=alert]').count(), 1, id);
    assert.equal(await page.locator('.mirror-problem').count(), 1, 'nowhere else');
    assert.equal(await page.getAttribute(`#${id}`, 'aria-errormessage'), 'mirror-problem');
    assert.equal(await page.locator('[aria-invalid=true]').count(), 1);
  }
  await page.fill('#mirror-max-model-len', '8192');
  await page.press('#mirror-max-model-len', 'Tab');
  assert.equal(await page.locator('.mirror-problem').count(), 0);
  assert.equal(await page.locator('[aria-invalid]').count(), 0);
});

test('the form follows every tab with its table', async () => {
  const page = await open(site, `${kFits}&cmp=q.fp8`);
  await until('the tabs', async () => (await page.locator('#mirror-tab option').count()) >= 9);
  for (const tab of ['Find', 'Compare', 'Map']) {
    await page.selectOption('#mirror-tab', tab);
    await until(`the table of ${tab}`, async () => {
      const [shown] = await page.evaluate(() => globalThis.plimsoll.tables());
      return shown && (await page.locator('#mirror-tables caption').first().textContent().catch(() => '')) === shown.caption;
    });
    const [shown] = await page.evaluate(() => globalThis.plimsoll.tables());
    assert.equal(await page.locator('#mirror-tables table').first().locator('tbody tr').count(), shown.rows.length);
    assert.equal((await find(page, tab, 'tab')).value, 'selected');
  }
  await page.selectOption('#mirror-tab', 'Launch');
  await until('the command', async () => /vllm serve/.test(await shownText(page, '#mirror-codes')));
  await page.selectOption('#mirror-tab', 'Check');
  await page.fill('#mirror-check', 'vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192');
  await page.locator('.mirror-check button[type=submit]').click();
  await until('what is said of it', async () => (await page.locator('#mirror-tables table').count()) + (await page.locator('#mirror-codes figure').count()) > 0);
  assert.deepEqual(page.complaints, []);
});

test('GiB or GB, everywhere', async () => {
  const page = await open(site, kFits);
  const cell = () => page.locator('#mirror-memory tbody td.number').first().textContent();
  const binary = Number(await cell());
  await page.selectOption('#mirror-view-units', 'GB');
  await until('GB', async () => / GB/.test(await shownText(page, '#mirror-verdict')));
  assert.doesNotMatch(await shownText(page, '#mirror-verdict'), /GiB/);
  assert.equal(await shownText(page, '#mirror-memory th:last-child'), 'GB');
  assert.ok(Math.abs(Number(await cell()) - binary * 1.073741824) < 0.02);
  assert.match((await find(page, 'Weights', 'row')).value, / GB, closed/);
  await page.selectOption('#mirror-tab', 'Map');
  await until('the legend', async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({label}) => label === 'Legend'));
  assert.doesNotMatch((await find(page, 'Legend')).value, /GiB/);
  await page.selectOption('#mirror-view-units', 'GiB');
  await until('GiB', async () => / GiB/.test(await shownText(page, '#mirror-verdict')));
});

test('sources lead out of the picture and of the form, into a tab of their own', async () => {
  const page = await open(site, kFits);
  await until('the sources', async () => (await page.locator('#mirror-sources a').count()) >= 3);
  for (const link of await page.locator('#mirror-sources a').all()) {
    assert.equal(await link.getAttribute('target'), '_blank');
    assert.equal(await link.getAttribute('rel'), 'noopener');
  }
  const addresses = await page.locator('#mirror-sources a').evaluateAll((links) => links.map(({href}) => href));
  assert.ok(addresses.includes('https://huggingface.co/meta-llama/Llama-3.1-70B-Instruct'), addresses.join());
  const card = await find(page, (await page.locator('#mirror-sources a[href*="gpus/rtx-4090"]').textContent()), 'link');
  const [opened] = await Promise.all([page.context().waitForEvent('page'), page.mouse.click(card.cx, card.cy)]);
  await opened.waitForLoadState();
  assert.match(opened.url(), /\/gpus\/rtx-4090\/#sources$/);
  assert.equal(await opened.evaluate(() => globalThis.opener), null);
  assert.match(await opened.textContent('main'), /Prices as of \d{4}-\d{2}/);
  assert.ok((await opened.locator('#sources ~ ul a[rel=noopener][href^="https://github.com/"]').count()) >= 2);
  assert.match((await config(page)).gpu?.toString() ?? '', /rtx-4090/, 'the page itself has not moved');
  assert.deepEqual(page.complaints, []);
});

test('together is opened by a link, undone and done again', async () => {
  const page = await open(site, 'app/#m=llama-3.1-8b&g=h100-sxm&ctx=8192&c=4&t=compare&cmp=m.qwen3-8b&tog=1');
  const together = async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({role, value}) => role === 'row' && /a card, needs/.test(value));
  await until('the shares', together);
  const chip = await find(page, 'Together', 'button');
  await page.mouse.click(chip.cx, chip.cy);
  await until('the address without it', async () => !/tog=/.test(await page.evaluate(() => location.hash)));
  assert.equal(await together(), false);
  await page.keyboard.press('Control+z');
  await until('the shares again', together);
  assert.match(await page.evaluate(() => location.hash), /tog=1/);
  await page.keyboard.press('Control+y');
  await until('none', async () => !(await together()));
});

test('on a phone every tab is within its width and within a finger’s reach', async () => {
  const page = await open(site, kFits, kScreens.phone);
  for (const tab of ['memory', 'speed', 'capacity', 'schedule', 'launch', 'find', 'compare', 'map', 'check']) {
    await page.evaluate((fragment) => { location.hash = fragment; }, `${kFits.slice(5)}&t=${tab}${tab === 'compare' ? '&cmp=q.fp8' : ''}`);
    await until(tab, async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({role, label, value}) => role === 'tab' && value === 'selected' && label.toLowerCase() === tab));
    await page.waitForTimeout(600);
    assert.deepEqual(await outOfReach(page, kScreens.phone), [], tab);
  }
});

test('Shift and a click pin, wherever the focus is', async () => {
  const page = await open(site, `${kFits}&t=map`);
  await until('the map', async () => (await page.evaluate(() => globalThis.plimsoll.tables())).length > 0);
  await page.focus('#theme');
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  const cell = (await page.evaluate(() => globalThis.plimsoll.semantics())).find(({role, value}) => role === 'gridcell' && /k$/.test(value));
  await page.keyboard.down('Shift');
  await page.mouse.click(cell.x + cell.width / 2, cell.y + cell.height / 2);
  await page.keyboard.up('Shift');
  await until('a column', async () => /cmp=/.test(await page.evaluate(() => location.hash)));
  assert.match(await page.evaluate(() => location.hash), /t=map/, 'the map still stands');
});

test('paper: one page, with picture and table', async () => {
  for (const tab of ['', '&t=compare&cmp=q.fp8;n.8', '&t=find']) {
    const page = await open(site, `${kFits}${tab}`);
    if (tab) await until('its table', async () => (await page.locator('#mirror-tables table').count()) > 0);
    await page.waitForTimeout(500);
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    const pdf = (await page.pdf({format: 'A4'})).toString('latin1');
    assert.equal((pdf.match(/\/Type\s*\/Page\b/g) ?? []).length, 1, tab);
    await page.context().close();
  }
});
