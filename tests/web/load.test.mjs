// The Speed, Capacity and Schedule tabs in a real browser: mouse, keyboard, form, link, dropped trace, and frames.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {openSite} from '../support/browser.mjs';
import {click, config, find, open, unfold, until as untilWithin} from './page.mjs';

const kLoad = 'm=llama-3.1-8b&g=h100-sxm&ctx=8192&c=8&in=512&out=128';

// Tall pictures are slow where the processor draws them.
const until = (what, check) => untilWithin(what, check, 20000);

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

async function openTab(tab, fragment = kLoad, options = {}) {
  const page = await open(site, `app/#${fragment}`, {viewport: {width: 1440, height: 2600}, ...options});
  await click(page, tab, 'tab');
  return page;
}

const shows = (page, label, role) =>
  page.evaluate(([label, role]) => globalThis.plimsoll.semantics().findLast((n) => n.label === label && (!role || n.role === role))?.value, [label, role]);

async function typeInto(page, label, text) {
  await click(page, label);
  await until('a text box', () => page.evaluate(() => globalThis.plimsoll.semantics().some((n) => n.role === 'textbox')));
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(150);
}

test('a load is chosen by mouse, and its link reopens the same', async () => {
  const page = await openTab('Schedule');
  await click(page, 'Requests', 'combobox');
  await click(page, 'At random (Poisson)', 'option');
  await click(page, 'Lengths', 'combobox');
  await click(page, 'As in chat logs', 'option');
  await typeInto(page, 'Requests per second, typed', '4');
  await typeInto(page, 'First token within, ms', '500');
  const here = await until('the limit', async () => {
    const now = await config(page);
    return now.workload?.ttft_ms ? now : null;
  });
  assert.equal(here.workload.arrival, 'poisson');
  assert.equal(here.workload.arrival_rate, 4);
  assert.equal(here.workload.ttft_ms, 500);
  const served = await until('the simulation', () => shows(page, 'Served', 'figure'));
  const hash = await until('the address', () => page.evaluate(() => location.hash === `#${globalThis.plimsoll.fragment()}` && location.hash));
  const other = await openTab('Schedule', hash.slice(1));
  assert.deepEqual(await config(other), here);
  assert.equal(await until('the same figures', () => shows(other, 'Served', 'figure')), served);
});

test('a session turn by turn, play and scrub by keyboard', async () => {
  const page = await openTab('Schedule');
  await click(page, 'Sessions, system prompt, seed');
  await typeInto(page, 'Turns of a session', '4');
  const turn = await until('the last turn', () => shows(page, 'Turn 4', 'row'));
  assert.match(turn, /^1,\d\d\d cached, 5\d\d computed/);
  await click(page, 'Time', 'slider');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Tab');  // the keyboard's turn
  await page.keyboard.press('Home');
  await until('the start', async () => (await shows(page, 'Time', 'slider')).startsWith('0.00 ms of'));
  await click(page, 'Play');
  await until('it to move', async () => !(await shows(page, 'Time', 'slider')).startsWith('0.00 ms of'));
  await click(page, 'Pause');
  assert.deepEqual(page.complaints, []);
});

test('a trace is dropped, pasted, or refused by its line', async () => {
  const page = await openTab('Memory');
  const drop = (text) => page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'trace.csv', {type: 'text/csv'}));
    document.dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
  }, text);
  await drop('arrival,prompt,output\n0,100,20\n0.5,50,10\n');
  await until('the dropped trace', async () => (await shows(page, 'Served', 'figure'))?.endsWith('2 of 2'));
  await drop('0,100,20\n1,two,10\n');
  await until('the notice', () => page.evaluate(() => /trace line 2.*two/.test(document.getElementById('notice').textContent)));
  await page.click('#notice button');
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.setData('text/plain', '0,100,20\n1,100,20\n2,100,20\n');
    document.getElementById('canvas').dispatchEvent(new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}));
  });
  await until('the pasted trace', async () => (await shows(page, 'Served', 'figure'))?.endsWith('3 of 3'));
});

test('impossible loads are answered', async () => {
  const page = await openTab('Schedule', 'm=llama-3.1-70b&g=t4');
  assert.ok(await until('the reason', () => page.evaluate(() => globalThis.plimsoll.semantics().find((n) => n.role === 'status' && /no room/.test(n.label)))));
  const problem = await page.evaluate(() => globalThis.plimsoll.set({...globalThis.plimsoll.config(), workload: {users: 0}}));
  assert.match(problem, /workload\.users.*0.*from 1 to/);
});

test('the form does the same, with and without a picture', async () => {
  for (const drawn of [true, false]) {
    const page = await site.page({viewport: {width: 1440, height: 2600}});
    if (!drawn) {
      await page.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null;
      });
    }
    await page.goto(`${site.url}app/#${kLoad}`);
    await page.evaluate(() => globalThis.plimsoll.ready);
    await unfold(page);
    await until('the tabs', async () => (await page.locator('#mirror-tab option').count()) >= 4);
    await page.selectOption('#mirror-tab', 'Schedule');
    await page.selectOption('#mirror-workload-arrival', 'constant');
    await page.fill('#mirror-workload-arrival-rate', '3');
    await page.press('#mirror-workload-arrival-rate', 'Tab');
    assert.equal((await config(page)).workload.arrival_rate, 3);
    const table = page.locator('#mirror-shown');
    await until('the percentiles', async () => /Time to first token\s*median/.test(await table.textContent()));
    assert.match(await table.textContent(), /vllm:kv_cache_usage_perc/);
    await page.fill('#mirror-view-trace', '0,100,20\n1,100,20\n');
    await page.press('#mirror-view-trace', 'Tab');
    await until('the trace', async () => /2 of 2/.test(await table.textContent()));
    await page.fill('#mirror-workload-turns', '0');
    await page.press('#mirror-workload-turns', 'Tab');
    assert.match(await page.textContent('.mirror-field:has(#mirror-workload-turns) .mirror-problem'), /turns/i);
    await page.selectOption('#mirror-tab', 'Speed');
    await page.fill('#mirror-view-rent', '2');
    await page.press('#mirror-view-rent', 'Tab');
    await page.fill('#mirror-view-buy', '20000');
    await page.press('#mirror-view-buy', 'Tab');
    await until('the break-even', async () => /Buying pays after\s*\d+,\d+ hours/.test(await table.textContent()));
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});

// Processor time of the frames, as Chromium's own trace tells it: a busy machine does not count.
// A figure to read, no bound: what else the machine does is not the page's.
test('frames while a slider drags a load of 10,000 requests', async (t) => {
  const workload = Buffer.from('{"requests":10000}').toString('base64url');
  const page = await openTab('Schedule', `m=llama-3.1-8b&g=h100-sxm&ctx=8192&c=256&in=200&out=200&w=~${workload}`, {viewport: {width: 1440, height: 900}});
  await until('the first run', () => shows(page, 'Served', 'figure'));
  const slider = await find(page, 'Prompt tokens', 'slider');
  await page.mouse.move(slider.x + slider.width * 0.4, slider.cy);
  await page.mouse.down();
  await site.browser.startTracing(page, {categories: ['devtools.timeline', 'v8']});
  for (let share = 0.4; share < 0.5; share += 0.002) {
    await page.mouse.move(slider.x + slider.width * share, slider.cy);
    await page.waitForTimeout(16);
  }
  await page.waitForTimeout(500);
  const trace = JSON.parse((await site.browser.stopTracing()).toString());
  await page.mouse.up();
  const times = trace.traceEvents.filter((event) => event.name === 'FireAnimationFrame' && event.ph === 'X').map((event) => (event.tdur ?? event.dur) / 1000);
  times.sort((a, b) => a - b);
  assert.ok(times.length > 20, `${times.length} frames`);
  t.diagnostic(`frames ${times.length}, median ${times[times.length >> 1].toFixed(1)} ms, 95 % ${times[Math.floor(times.length * 0.95)].toFixed(1)} ms, worst ${times.at(-1).toFixed(1)} ms`);
});
