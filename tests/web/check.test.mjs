// The Check and Launch tabs in a real browser: pasting by keyboard and by touch, files, what reaches the DOM, and that nothing
// leaves the machine.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {openSite, root} from '../support/browser.mjs';
import {click, config, find, open, until} from './page.mjs';

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

const log = (name) => readFileSync(join(root, 'tests', 'data', 'logs', name), 'utf8');
const kCommand = 'vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 8192 --port 8000 --no-such-thing 3';

// Puts a text where the browser pastes from, by a field of our own as a person would.
async function copyOut(page, text) {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate((value) => navigator.clipboard.writeText(value), text);
}

// Nobody but the site itself is asked for anything.
async function openWatched(path, options) {
  const page = await open(site, path, options);
  page.elsewhere = [];
  page.on('request', (request) => request.url().startsWith(site.url) || page.elsewhere.push(request.url()));
  return page;
}

const verdict = async (page) => (await page.evaluate(() => globalThis.plimsoll.semantics())).filter(({role, label}) => role === 'heading' && label === 'Verdict').at(-1)?.value;
const tables = (page) => page.evaluate(() => globalThis.plimsoll.tables());

test('Ctrl+V anywhere outside a field checks what is on the clipboard, and nothing leaves the machine', async () => {
  const page = await openWatched();
  await copyOut(page, kCommand);
  const before = await config(page);
  await page.keyboard.press('Control+KeyV');
  await until('the answer', async () => (await tables(page)).some(({caption}) => caption === 'Options read'));
  assert.deepEqual(await config(page), before, 'reading changes nothing');
  await find(page, 'Not understood', 'row');
  await click(page, 'Use this configuration', 'button');
  await until('the configuration', async () => (await config(page)).model === 'qwen3-32b');
  assert.equal((await config(page)).max_model_len, 8192);
  assert.ok(!page.url().includes('vllm%20serve') && !page.url().includes('port'));
  assert.deepEqual(page.elsewhere, []);
  assert.deepEqual(page.complaints, []);
});

test('typed into the field by keyboard, with lines', async () => {
  const page = await openWatched('app/#m=llama-3.1-8b&t=check');
  const field = await find(page, 'Paste a command, a log, a config or a link');
  await page.mouse.click(field.x + 40, field.y + 30);
  await page.keyboard.type('vllm serve Qwen/Qwen3-8B \\');
  await page.keyboard.press('Enter');
  await page.keyboard.type('  --max-num-seqs 17');
  await until('the answer', async () => (await tables(page)).some(({rows}) => rows.some(([name]) => name === '--max-num-seqs 17')));
  await copyOut(page, ' --max-model-len 4096');
  await page.keyboard.press('Control+KeyV');
  await until('both', async () => (await tables(page)).some(({rows}) => rows.some(([name]) => name === '--max-model-len 4096')));
});

test('by touch: the button pastes', async () => {
  const page = await openWatched('app/#m=llama-3.1-8b&t=check', {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true, deviceScaleFactor: 2});
  await copyOut(page, kCommand);
  const {cx, cy, height} = await find(page, 'Paste', 'button');
  assert.ok(height >= 44);
  await page.touchscreen.tap(cx, cy);
  await until('the answer', async () => (await tables(page)).some(({caption}) => caption === 'Options read'));
  assert.deepEqual(page.elsewhere, []);
});

test('nothing pasted becomes HTML', async () => {
  const page = await openWatched();
  await page.evaluate(() => {
    globalThis.ran = 0;
  });
  const nasty = '<img src=x onerror="globalThis.ran=1"><script>globalThis.ran=1</script>';
  for (const text of [`vllm serve Qwen/Qwen3-8B --served-model-name '${nasty}' --${nasty} 3`,
                      log('vllm-fail-06-cache_too_small.log').replace('Traceback', `${nasty} Traceback`), nasty]) {
    await copyOut(page, text);
    await page.keyboard.press('Control+KeyV');
    await until('the tab', async () => page.url().includes('t=check'));
    await page.waitForTimeout(1200);
  }
  assert.equal(await page.evaluate(() => document.querySelectorAll('#mirror img, #mirror script').length), 0);
  assert.equal(await page.evaluate(() => globalThis.ran), 0);
  assert.deepEqual(page.elsewhere, []);
});

test('a log that failed: stage, cause, ways out and our figures, as text and tables in the form, too', async () => {
  const page = await openWatched();
  await page.fill('#mirror-check', log('vllm-fail-06-cache_too_small.log'));
  await page.click('.mirror-check button');
  await until('the sentence', async () => /Out of memory while making the KV cache/.test(await verdict(page)));
  await until('the form', async () => /Out of memory/.test(await page.textContent('#mirror-tab-verdict')));
  const captions = await page.$$eval('#mirror-tables caption', (list) => list.map(({textContent}) => textContent));
  for (const caption of ['Your log beside our figures', 'Ways out, least costly first', 'Options read']) assert.ok(captions.includes(caption), caption);
  const take = page.locator('#mirror-buttons button', {hasText: 'Take: '}).first();
  await take.click();
  await until('the change', async () => (await config(page)).model === 'qwen3-32b');
});

test('a calibration is taken, stands in the link and can be removed', async () => {
  const page = await openWatched();
  await copyOut(page, log('vllm-0_6_4-00.log'));
  await page.keyboard.press('Control+KeyV');
  await until('the answer', async () => (await tables(page)).some(({caption}) => caption === 'Your log beside our figures'));
  await click(page, 'Use this configuration', 'button');
  await click(page, "Take as this machine's calibration", 'button');
  await until('the calibration', async () => (await config(page)).cal !== undefined);
  await until('the link', async () => page.url().includes('cal='));
  assert.match((await find(page, 'Calibration', 'row')).value, /Without it: /);
  await click(page, 'Remove the calibration', 'button');
  await until('no calibration', async () => (await config(page)).cal === undefined);
});

test('twenty megabytes of log are read in a worker, dropped or pasted, and the page goes on', {timeout: 600_000}, async (t) => {
  for (const way of ['drop', 'paste']) {
    const page = await openWatched();
    await page.evaluate(() => {
      globalThis.longest = 0;
      new PerformanceObserver((list) => {
        for (const {duration} of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
      }).observe({entryTypes: ['longtask']});
    });
    const before = await page.evaluate(() => globalThis.plimsoll.frames());
    await page.evaluate(([text, how]) => {
      const line = 'INFO 08-04 10:00:00 [loggers.py:123] Engine 000: Avg prompt throughput: 1.0 tokens/s, Running: 1 reqs\n';
      const whole = text + line.repeat(Math.ceil((20 << 20) / line.length));
      const transfer = new DataTransfer();
      if (how === 'drop') transfer.items.add(new File([whole], 'server.log'));
      else transfer.setData('text/plain', whole);
      document.body.dispatchEvent(how === 'drop' ? new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true})
                                                 : new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true, cancelable: true}));
    }, [log('vllm-0_8_4-01.log'), way]);
    await until('the beginning', async () => page.url().includes('t=check'));
    await until('the figures', async () => (await tables(page)).some(({caption}) => caption === 'Your log beside our figures'));
    assert.ok((await page.evaluate(() => globalThis.plimsoll.frames())) > before);
    assert.deepEqual(page.elsewhere, []);
    assert.deepEqual(page.complaints, []);
    t.diagnostic(`${way}: the longest task of the main thread took ${Math.round(await page.evaluate(() => globalThis.longest))} ms`);
  }
});

test('the command in every form, copied as it stands, and what to expect of it', async () => {
  const page = await openWatched('app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=launch');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await until('the command', async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({role}) => role === 'code'));
  for (const [form, expected] of [['Docker', /docker run/], ['Kubernetes', /kind: Deployment/], ['Python', /LLM\(/], ['Compose', /services:/]]) {
    await click(page, `As: ${form}`, 'button');
    await until(form, async () => expected.test((await find(page, 'Command', 'code')).value));
    await click(page, 'Copy the command', 'button');
    const shown = (await find(page, 'Command', 'code')).value;
    await until('the clipboard', async () => (await page.evaluate(() => navigator.clipboard.readText())).replaceAll('\r', '') === shown);
  }
  await until('the form', async () => /services:/.test(await page.textContent('#mirror-codes')));
  const captions = (await tables(page)).map(({caption}) => caption);
  assert.deepEqual(captions, ['What to expect', 'What to watch']);
});
