// The estimator in a real browser.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {openSite, root} from '../support/browser.mjs';
import {click, config, find, frames, kExample, open, report, unfold, until} from './page.mjs';

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

test('loads, draws, and complains about nothing', async () => {
  const page = await site.page({viewport: {width: 1440, height: 900}});
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`${site.url}app/`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  const shot = await page.screenshot();
  assert.ok(shot.length > 20000, 'the picture is not blank');
  assert.ok((await page.evaluate(() => globalThis.plimsoll.frames())) > 0);
  assert.deepEqual(page.complaints, [], 'no errors, no violations of the content security policy');
  assert.deepEqual(requests.filter((url) => !url.startsWith(site.url)), [], 'no request to anyone else');
});

test('picks the worked example by hand: model, format, card', async () => {
  const page = await open(site);
  await click(page, 'Model');
  await page.keyboard.type('llama 3.1 70');
  await click(page, 'Llama 3.1 70B', 'option');
  await click(page, 'Format');
  await page.keyboard.type('awq');
  await click(page, 'AWQ int4', 'option');
  await click(page, 'GPU');
  await page.keyboard.type('rtx 4090');
  await click(page, 'RTX 4090', 'option');
  const now = await config(page);
  assert.equal(now.model, 'llama-3.1-70b');
  assert.equal(now.format, 'awq-int4');
  assert.equal([now.gpu].flat()[0], 'rtx-4090');
  const answer = await report(page);
  assert.equal(answer.fits, false);
  assert.equal(answer.verdict, 'does_not_fit');
  assert.match(answer.headline, /does not fit/i);
  assert.ok(answer.per_gpu[0].weights_bytes > 36 * 2 ** 30);
  assert.match((await find(page, 'Verdict')).value, /Does not fit/);
});

test('the report is the native command’s', async () => {
  const page = await open(site, `app/#${kExample}`);
  const {stdout, status} = spawnSync(join(root, 'build/release/plimsoll'), ['estimate', '--url', `#${kExample}`, '--json'], {encoding: 'utf8'});
  assert.equal(status, 0);
  assert.deepEqual(await report(page), JSON.parse(stdout));
});

test('the slider drags, the address follows once it has settled, and the link reopens the same', async () => {
  const page = await open(site, `app/#${kExample}`);
  const slider = await find(page, 'Context', 'slider');
  await page.mouse.move(slider.x + slider.width / 2, slider.cy);
  await page.mouse.down();
  for (let share = 0.5; share < 0.9; share += 0.05) await page.mouse.move(slider.x + slider.width * share, slider.cy);
  assert.ok((await page.evaluate(() => location.hash)).includes('ctx=16384'), 'not while it moves');
  await page.mouse.up();
  const fragment = await until('the address', async () => {
    const hash = await page.evaluate(() => location.hash);
    return hash.includes('ctx=16384') ? null : hash;
  });
  const here = await config(page);
  assert.ok(here.max_model_len > 16384);
  const other = await open(site, `app/${fragment}`);
  assert.deepEqual(await config(other), here);
  assert.deepEqual(await report(other), await report(page));
});

test('arrows move on the slider that was dragged', async () => {
  const page = await open(site, `app/#${kExample}`);
  const slider = await find(page, 'Context', 'slider');
  await page.mouse.move(slider.x + slider.width / 2, slider.cy);
  await page.mouse.down();
  await page.mouse.move(slider.x + slider.width * 0.6, slider.cy);
  await page.mouse.up();
  const length = async () => (await config(page)).max_model_len;
  const dragged = await length();
  await page.keyboard.press('PageDown');
  await until('half of it', async () => (await length()) < dragged * 0.6);
  await page.keyboard.press('ArrowRight');
  await until('an eighth more', async () => (await length()) > dragged * 0.51);
});

test('typing a number replaces it', async () => {
  const page = await open(site, `app/#${kExample}`);
  await click(page, 'Context, typed');
  await until('the field', () => page.evaluate(() => document.activeElement.id === 'agent'));
  await page.keyboard.type('8k');
  await page.keyboard.press('Enter');
  await until('the new context', async () => (await config(page)).max_model_len === 8192);
});

test('back and forward go between models', async () => {
  const page = await open(site, 'app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192');
  await page.evaluate(() => globalThis.plimsoll.set({model: 'qwen3-32b', gpu: 'h200', max_model_len: 8192}));
  await until('the address', async () => (await page.evaluate(() => location.hash)).includes('qwen3-32b'));
  await page.goBack();
  await until('the first model', async () => (await config(page)).model === 'llama-3.1-8b');
  await page.goForward();
  await until('the second model', async () => (await config(page)).model === 'qwen3-32b');
});

test('copying the link copies the configuration', async () => {
  const page = await site.page({permissions: ['clipboard-read', 'clipboard-write']});
  await page.goto(`${site.url}app/#${kExample}`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  await page.evaluate(() => globalThis.plimsoll.set({...globalThis.plimsoll.config(), gpus: 2}));
  await page.click('#copy-link');
  const copied = await until('the clipboard', () => page.evaluate(() => navigator.clipboard.readText()));
  assert.ok(copied.startsWith(`${site.url}app/#m=llama-3.1-70b`), copied);
  assert.match(copied, /n=2/);
});

test('an idle page draws nothing', async () => {
  const page = await open(site);
  await page.waitForTimeout(1500);
  const before = await frames(page);
  await page.waitForTimeout(2000);
  assert.equal(await frames(page), before);
});

test('the wheel scrolls the page, and a list only while it can', async () => {
  const page = await open(site);
  await page.mouse.move(900, 500);
  await page.mouse.wheel(0, 300);
  await until('the page to scroll', () => page.evaluate(() => scrollY > 100));
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(200);
  await click(page, 'Model');
  const search = await find(page, 'Search models');
  await page.mouse.move(search.cx, search.cy + 120);
  await page.waitForTimeout(100);
  await page.mouse.wheel(0, 200);
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate(() => scrollY), 0, 'the list took it');
});

test('the keyboard alone: in, along, change, out', async () => {
  const page = await open(site, `app/#${kExample}`);
  await page.focus('#copy-link');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'canvas');
  await page.waitForTimeout(200);
  await page.keyboard.press('Enter');  // the first field is the model
  await page.waitForTimeout(200);
  await find(page, 'Search models');
  await page.keyboard.type('mistral nemo');
  await page.keyboard.press('Enter');
  await until('the model', async () => (await config(page)).model === 'mistral-nemo-12b');
  await page.waitForTimeout(200);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'canvas', 'Tab stays inside');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  assert.notEqual(await page.evaluate(() => document.activeElement.id), 'canvas', 'Escape, then Tab leaves');
});

test('crisp at device scale 2', async () => {
  const page = await open(site, 'app/', {deviceScaleFactor: 2});
  const canvas = await page.evaluate(() => {
    const {width, height} = document.getElementById('canvas');
    return {width, height};
  });
  assert.deepEqual(canvas, {width: 2880, height: 1800});
  await click(page, 'CUDA graphs', 'switch');
  assert.equal((await config(page)).enforce_eager, true, 'and clicks land where they should');
});

// How alike the canvas's text and the browser's own are where "Capacity" stands: 1 is the same.
async function likenessOfText(page) {
  const node = await find(page, 'Capacity', 'tab');
  const clip = {x: Math.floor(node.x), y: Math.floor(node.y), width: Math.ceil(node.width) + 2, height: Math.ceil(node.height) - 3};
  const drawn = (await page.screenshot({clip})).toString('base64');
  await page.evaluate(({x, y, width, height}) => {
    const text = Object.assign(document.createElement('div'), {id: 'set', textContent: 'Capacity'});
    Object.assign(text.style, {position: 'fixed', zIndex: 9, left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px`,
      lineHeight: `${height + 2}px`, paddingLeft: '1px', background: getComputedStyle(document.body).backgroundColor});
    document.body.append(text);
  }, clip);
  const set = (await page.screenshot({clip})).toString('base64');
  return page.evaluate(async ([one, two]) => {
    document.getElementById('set').remove();
    const greys = async (base64) => {
      const image = new Image();
      image.src = `data:image/png;base64,${base64}`;
      await image.decode();
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const {data} = context.getImageData(0, 0, image.width, image.height);
      return {width: image.width, height: image.height, at: (x, y) => data[4 * (y * image.width + x) + 1]};
    };
    const [a, b] = [await greys(one), await greys(two)];
    let best = -1;
    for (let dx = -2; dx <= 2; ++dx) {
      for (let dy = -3; dy <= 3; ++dy) {
        const pairs = [];
        for (let y = 3; y < a.height - 3; ++y) for (let x = 2; x < a.width - 2; ++x) pairs.push([a.at(x, y), b.at(x + dx, y + dy)]);
        const mean = (i) => pairs.reduce((sum, pair) => sum + pair[i], 0) / pairs.length;
        const [ma, mb] = [mean(0), mean(1)];
        let [ab, aa, bb] = [0, 0, 0];
        for (const [p, q] of pairs) {
          ab += (p - ma) * (q - mb);
          aa += (p - ma) ** 2;
          bb += (q - mb) ** 2;
        }
        best = Math.max(best, ab / Math.sqrt(aa * bb || 1));
      }
    }
    return best;
  }, [drawn, set]);
}

test('the canvas’s letters are the typeface’s, also at another density', async () => {
  for (const deviceScaleFactor of [1, 2]) {
    const likeness = await likenessOfText(await open(site, 'app/', {deviceScaleFactor}));
    assert.ok(likeness > 0.75, `scale ${deviceScaleFactor}: ${likeness}`);
  }
});

test('a lost context comes back', async () => {
  const page = await open(site);
  await page.evaluate(() => {
    globalThis.loser = document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
    globalThis.loser.loseContext();
  });
  await page.waitForTimeout(300);
  await page.evaluate(() => globalThis.loser.restoreContext());
  await page.waitForTimeout(500);
  await click(page, 'CUDA graphs', 'switch');
  assert.equal((await config(page)).enforce_eager, true);
  const pixels = await page.screenshot({clip: {x: 0, y: 60, width: 700, height: 300}});
  assert.ok(pixels.length > 8000, 'there is a picture again');
  assert.ok((await likenessOfText(page)) > 0.75, 'with its letters');
  assert.deepEqual(page.complaints, []);
});

test('a context that stays lost leaves the form', async () => {
  const page = await open(site);
  await page.evaluate(() => document.getElementById('canvas').getContext('webgl2').getExtension('WEBGL_lose_context').loseContext());
  await until('the form alone', () => page.evaluate(() => document.documentElement.classList.contains('mirror-only')), 5000);
  await page.selectOption('#mirror-gpu', 'h200');
  assert.equal([(await config(page)).gpu].flat()[0], 'h200');
});

test('bad fragments: a notice, and the last good state', async () => {
  const page = await open(site, `app/#${kExample}`);
  const good = await config(page);
  for (const bad of ['m=no-such-model', 'm=llama-3.1-70b&g=rtx-9999', 'm=llama-3.1-8b&n=-1', 'm=~%%%', 'm=llama-3.1-8b&ctx=1e400', '&&&&====', 'm='+'x'.repeat(70000)]) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, bad);
    // What has a field stands at that field or in the headline, all else in the notice.
    await until(`a word about ${bad.slice(0, 40)}`, () => page.evaluate(() => !document.getElementById('notice').hidden ||
      globalThis.plimsoll.semantics().some(({role, value}) => role === 'alert' || /^Unknown /.test(value ?? ''))));
    assert.deepEqual(await config(page), good, bad.slice(0, 40));
    await page.waitForTimeout(300);
    if (await page.isVisible('#notice button')) await page.click('#notice button');
    await page.evaluate((hash) => {
      location.hash = hash;
    }, kExample);
    await until('the good link', () => page.evaluate(() => document.getElementById('notice').hidden));
  }
  assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /NaN|undefined|Infinity/);
});

// It must not hang; a slow machine may take its time.
test('ten megabytes of garbage in the fragment', {timeout: 300_000}, async () => {
  const page = await open(site, `app/#${kExample}`);
  const good = await config(page);
  await page.evaluate(() => globalThis.plimsoll.set('x'.repeat(10 << 20)));
  await page.evaluate(() => {
    try {
      location.hash = 'm=~' + 'A'.repeat(10 << 20);
    } catch {
      // the browser itself may refuse
    }
  });
  await page.waitForTimeout(300);
  assert.deepEqual(await config(page), good);
});

test('set() takes a configuration, or says why not', async () => {
  const page = await open(site);
  assert.equal(await page.evaluate(() => globalThis.plimsoll.set({model: 'llama-3.1-70b', gpu: 'h200', format: 'fp8'})), null);
  assert.equal((await config(page)).format, 'fp8');
  const problem = await page.evaluate(() => globalThis.plimsoll.set({model: 'llama-3.1-70b', gpu: 'h200', tp: 'three'}));
  assert.match(problem, /tp/);
  assert.equal((await config(page)).format, 'fp8');
  for (const given of ['undefined', 'null', '1n', '(() => { const circle = {}; circle.circle = circle; return circle; })()', '"{"', '[]']) {
    const refusal = await page.evaluate((text) => globalThis.plimsoll.set((0, eval)(`(${text})`)), given);
    assert.equal(typeof refusal, 'string', given);
    assert.notEqual(refusal, '', given);
  }
  assert.equal((await config(page)).format, 'fp8');
});

test('what a newer page wrote stays in the address, and a refused link is not overwritten', async () => {
  const page = await open(site, 'app/#m=llama-3.1-8b&g=h200&zz=7');
  await page.evaluate(() => globalThis.plimsoll.set({model: 'llama-3.1-8b', gpu: 'h200', max_num_seqs: 9}));
  const fragment = () => page.evaluate(() => location.hash);
  await page.goto('about:blank');
  await page.goto(`${site.url}app/#m=llama-3.1-8b&g=h200&zz=7`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  await unfold(page);
  await page.fill('#mirror-max-num-seqs', '9').catch(() => {});
  await page.waitForTimeout(1000);
  assert.match(await fragment(), /zz=7/);
  for (const refused of ['m=no-such-model&g=h200', `m=llama-3.1-8b&q=${'x'.repeat(70000)}`]) {
    await page.goto('about:blank');
    await page.goto(`${site.url}app/#${refused}`);
    await page.evaluate(() => globalThis.plimsoll.ready);
    await page.waitForTimeout(1000);
    assert.equal(await fragment(), `#${refused}`);
    assert.ok(await page.isVisible('#notice') || /^Unknown model/.test((await find(page, 'Verdict')).value));
    // Somebody's own change is written as ever.
    assert.equal(await page.evaluate(() => globalThis.plimsoll.set({model: 'llama-3.1-8b', gpu: 'h200', max_num_seqs: 5})), null);
    await until('the new address', async () => /seqs=5/.test(await fragment()));
  }
});

test('the form alone drives and shows the same', async () => {
  const page = await site.page();
  await page.addInitScript(() => {
    HTMLCanvasElement.prototype.getContext = () => null;  // no WebGL at all
  });
  await page.goto(`${site.url}app/#${kExample}`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  assert.ok(await page.isVisible('#mirror-model'));
  assert.match(await page.textContent('#mirror-verdict'), /does not fit/i);
  await page.selectOption('#mirror-model', 'llama-3.1-8b');
  await page.selectOption('#mirror-format', 'bf16');
  await page.fill('#mirror-max-model-len', '8192');
  await page.press('#mirror-max-model-len', 'Tab');
  assert.equal((await config(page)).max_model_len, 8192);
  assert.match(await page.textContent('#mirror-verdict'), /fits/i);
  await until('the live sentence', async () => /fits/i.test(await page.textContent('#live')));
  assert.ok((await page.locator('#mirror-memory tbody tr').count()) >= 3);
  await page.fill('#mirror-tp', 'three');
  await page.press('#mirror-tp', 'Tab');
  assert.match(await page.textContent('.mirror-field:has(#mirror-tp) .mirror-problem'), /three/);
  assert.equal(await page.getAttribute('#mirror-tp', 'aria-invalid'), 'true');
  // Every key of the configuration can be set here, the workload by its members.
  assert.deepEqual(await page.evaluate(() => Object.keys(globalThis.plimsoll.report().config).filter(
    (key) => !document.querySelector(`.mirror-form [name="${key}"], .mirror-form [name^="${key}."]`))), []);
  for (const field of await page.locator('.mirror-form input, .mirror-form select').all()) {
    const id = await field.getAttribute('id');
    assert.equal(await page.locator(`label[for="${id}"]`).count(), 1, id);
  }
});

test('the form and the canvas follow each other', async () => {
  const page = await open(site, `app/#${kExample}`);
  await click(page, 'CUDA graphs', 'switch');
  assert.ok(!(await page.isChecked('#mirror-enforce-eager')), 'its label is that of the canvas: CUDA graphs');
  await page.selectOption('#mirror-gpu', 'h200');
  assert.match((await find(page, 'GPU', 'combobox')).value, /H200/);
});

test('light and dark', async () => {
  for (const [colorScheme, expected] of [['light', 'light'], ['dark', 'dark']]) {
    const page = await open(site, 'app/', {colorScheme});
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), expected);
    await page.selectOption('#theme', 'light');
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
  }
  const asked = await open(site, 'app/?theme=dark', {colorScheme: 'light'});
  assert.equal(await asked.evaluate(() => document.documentElement.dataset.theme), 'dark');
});

test('a finger taps, slides and scrolls', async () => {
  const page = await open(site, `app/#${kExample}`, {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true});
  const summary = await find(page, 'Configuration');
  await page.touchscreen.tap(summary.cx, summary.cy);
  await page.waitForTimeout(400);
  const graphs = await find(page, 'CUDA graphs', 'switch');
  await page.evaluate((y) => scrollTo(0, y), graphs.y - 300);
  await page.waitForTimeout(300);
  const now = await find(page, 'CUDA graphs', 'switch');
  await page.touchscreen.tap(now.cx, now.cy);
  await page.waitForTimeout(300);
  assert.equal((await config(page)).enforce_eager, true);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, 'nothing sticks out sideways');
});
