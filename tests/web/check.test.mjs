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

// ---- without a mouse ----

// Tab until something holds, as somebody would who does not see where the focus is.
async function tabUntil(page, what, check, key = 'Tab') {
  for (let presses = 0; presses < 80; ++presses) {
    if (await check()) return;
    await page.keyboard.press(key);
    // A press and what it moves take some frames, on a busy machine as long as they like.
    await page.evaluate(() => {
      for (let i = 0; i < 4; ++i) globalThis.plimsoll.semantics();
    });
    await page.waitForTimeout(20);
  }
  assert.fail(`Tab never reached ${what}`);
}
const inField = (page) => page.evaluate(() => document.activeElement.id === 'agent');
const intoPicture = async (page) => {
  await page.focus('#copy-link');
  await page.keyboard.press('Tab');
  await page.waitForTimeout(200);
};

test('a link to a tab alone opens it with what stands there at first', async () => {
  for (const tab of ['check', 'launch', 'compare', 'find', 'map', 'schedule']) {
    const page = await openWatched(`app/#t=${tab}`);
    await until(tab, async () => page.url().includes(`m=llama-3.1-8b`) && page.url().includes(`t=${tab}`));
    assert.equal(await page.isVisible('#notice'), false, tab);
  }
});

test('Check by the keyboard alone: into the field, pasted, used, out again', async () => {
  const page = await openWatched('app/#t=check');
  await copyOut(page, 'vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 8192');
  await intoPicture(page);
  await tabUntil(page, 'the field', () => inField(page));
  await page.keyboard.press('Control+KeyV');
  await until('the answer', async () => (await tables(page)).some(({caption}) => caption === 'Options read'));
  // The first thing behind the field takes over what was read.
  await page.keyboard.press('Tab');
  await page.waitForTimeout(150);
  await page.keyboard.press('Enter');
  await until('the configuration', async () => (await config(page)).model === 'qwen3-32b');
  assert.equal((await config(page)).max_model_len, 8192);
  // Back into the field, another text over the first.
  await page.keyboard.press('Shift+Tab');
  await until('the field again', () => inField(page));
  await page.keyboard.press('Control+KeyA');
  await page.keyboard.type('ollama run qwen3:14b');
  await until('the other', async () => (await tables(page)).some(({rows}) => rows.some((row) => row.join(' ').includes('qwen3:14b'))));
  await page.keyboard.press('Escape');  // out of the field
  await page.waitForTimeout(150);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await page.waitForTimeout(150);
  assert.ok(!['canvas', 'agent'].includes(await page.evaluate(() => document.activeElement.id)), 'Escape, then Tab leaves');
  assert.deepEqual(page.complaints, []);
});

test('Launch by the keyboard alone: another form, and copied', async () => {
  const page = await openWatched('app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=launch');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await until('the command', async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({role}) => role === 'code'));
  const shown = async () => (await find(page, 'Command', 'code')).value;
  const first = await shown();
  await intoPicture(page);
  await tabUntil(page, 'the forms', async () => (await find(page, 'As: Docker', 'button').catch(() => null))?.focused === true);
  await page.keyboard.press('Enter');
  await until('the other form', async () => /docker run/.test(await shown()));
  assert.notEqual(await shown(), first);
  await tabUntil(page, 'the copy', async () => (await find(page, 'Copy the command', 'button').catch(() => null))?.focused === true);
  await page.keyboard.press('Enter');
  await until('the clipboard', async () => (await page.evaluate(() => navigator.clipboard.readText())).replaceAll('\r', '') === await shown());
});

// ---- by touch ----

const kPhone = {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true, deviceScaleFactor: 2};

// A finger that rests where it is.
async function press(page, x, y) {
  const session = await page.context().newCDPSession(page);
  await session.send('Input.dispatchTouchEvent', {type: 'touchStart', touchPoints: [{x, y}]});
  await page.waitForTimeout(900);
  await session.send('Input.dispatchTouchEvent', {type: 'touchEnd', touchPoints: []});
  await session.detach();
}

test('by touch: a long press in the field offers to paste there', async () => {
  const page = await openWatched('app/#t=check', kPhone);
  await copyOut(page, 'vllm serve Qwen/Qwen3-8B \\\n  --max-model-len 4096');
  assert.equal(await page.isVisible('.paste-here'), false);
  const {cx, y} = await find(page, 'Paste a command, a log, a config or a link');
  await press(page, cx, y + 40);
  await until('the offer', () => page.isVisible('.paste-here'));
  assert.ok((await page.locator('.paste-here').boundingBox()).height >= 44);
  await page.tap('.paste-here');
  await until('the answer', async () => (await tables(page)).some(({rows}) => rows.some((row) => row.join(' ').includes('--max-model-len 4096'))));
  assert.equal(await page.isVisible('.paste-here'), false);
  // A tap elsewhere takes the offer back.
  const again = await find(page, 'Paste a command, a log, a config or a link');
  await press(page, again.cx, again.y + 40);
  await until('the offer again', () => page.isVisible('.paste-here'));
  await page.touchscreen.tap(cx, y - 30);
  await until('no offer', async () => !(await page.isVisible('.paste-here')));
  assert.deepEqual(page.complaints, []);
});

test('a right click in the field offers the same', async () => {
  const page = await openWatched('app/#t=check');
  await copyOut(page, kCommand);
  const {cx, cy} = await find(page, 'Paste a command, a log, a config or a link');
  await page.mouse.click(cx, cy, {button: 'right'});
  await page.click('.paste-here');
  await until('the answer', async () => (await tables(page)).some(({caption}) => caption === 'Options read'));
  await page.mouse.click(cx, cy, {button: 'right'});
  await until('the offer', () => page.isVisible('.paste-here'));
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('.paste-here'), false);
});

test('what a phone\'s keyboard inserts keeps its lines', async () => {
  const page = await openWatched('app/#t=check', kPhone);
  const {cx, y} = await find(page, 'Paste a command, a log, a config or a link');
  await page.touchscreen.tap(cx, y + 40);
  await until('the field', () => inField(page));
  await page.evaluate(() => {
    const agent = document.getElementById('agent');
    agent.value += 'FROM qwen3:8b\nPARAMETER num_ctx 4096\n';
    agent.dispatchEvent(new InputEvent('input', {inputType: 'insertText', bubbles: true}));
  });
  await until('both lines', async () => (await tables(page)).some(({rows}) => rows.some((row) => row.join(' ').includes('num_ctx'))));
});

test('Launch by touch: another form, and copied', async () => {
  const page = await openWatched('app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=launch', kPhone);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await until('the command', async () => (await page.evaluate(() => globalThis.plimsoll.semantics())).some(({role}) => role === 'code'));
  const tap = async (label) => {
    const {cx, cy, height} = await find(page, label, 'button');
    await page.evaluate((y) => scrollTo(0, Math.max(0, scrollY + y - 400)), cy);
    await page.waitForTimeout(200);
    const there = await find(page, label, 'button');
    assert.ok(height >= 40, `${label} is ${height} high`);
    await page.touchscreen.tap(there.cx, there.cy);
    await page.waitForTimeout(200);
  };
  await tap('As: Docker');
  await until('the form', async () => /docker run/.test((await find(page, 'Command', 'code')).value));
  await tap('Copy the command');
  await until('the clipboard', async () => /docker run/.test(await page.evaluate(() => navigator.clipboard.readText())));
});
