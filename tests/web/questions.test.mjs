// The questions that people come with, answered by somebody who has never been here: from the bare page, by clicks that are
// counted.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {join} from 'node:path';
import {after, before, test} from 'node:test';

import {openSite, root} from '../support/browser.mjs';
import {click, config, find, open, until} from './page.mjs';

const kMostClicks = 8;

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

async function visitor() {
  const page = await open(site, 'app/');
  let clicks = 0;
  return {
    page,
    async click(label, role) {
      ++clicks;
      await click(page, label, role);
    },
    // Where the answer stands, once it is computed.
    async reads(what, look) {
      const answer = await until(what, async () => {
        try {
          return await look(page);
        } catch {
          return null;  // not shown yet
        }
      });
      assert.ok(clicks <= kMostClicks, `${what}: ${clicks} clicks`);
      return answer;
    },
  };
}

const tables = (page) => page.evaluate(() => globalThis.plimsoll.tables());
const verdict = async (page) => (await find(page, 'Verdict')).value;

test('the cheapest cards for Qwen3 235B at 32k for 8 users', async () => {
  const me = await visitor();
  await me.click('Try: Cheapest cards for Qwen3 235B, 8 users at 32k');
  const answer = await me.reads('the price', async (page) => /from \$[\d.]+ an hour/.exec(await verdict(page))?.[0]);
  assert.match(answer, /\$\d/);
  const [{rows}] = await tables(me.page);
  const given = await config(me.page);
  assert.deepEqual([given.model, given.max_model_len, given.concurrency], ['qwen3-235b-a22b', 32768, 8]);
  assert.ok(rows.length > 1);
});

test('the best Qwen3 on an RTX 4090 at 32k', async () => {
  const me = await visitor();
  await me.click('Try: What an RTX 4090 can run at 32k');
  const best = await me.reads('a Qwen3', async (page) => {
    const [table] = await tables(page);
    return table?.rows.find(([model]) => model.startsWith('Qwen3'));
  });
  assert.ok(best[0].startsWith('Qwen3'), best.join());
});

test('AWQ, FP8 or BF16 of a 70B on 1, 2 or 4 H100', async () => {
  const me = await visitor();
  await me.click('Try: Llama 70B: AWQ, FP8 or BF16 on 1, 2, 4 H100');
  const [table] = await me.reads('the map', async (page) => {
    const list = await tables(page);
    return list[0]?.rows.length > 2 ? list : null;
  });
  for (const format of ['BF16', 'FP8', 'AWQ int4']) {
    const row = table.rows.find(([name]) => name === format);
    assert.ok(row, table.rows.map(([name]) => name).join());
    // Each of them, as the command says: the rate of each user, or what is missing.
    for (const count of [1, 2, 4]) {
      const cell = row[table.header.indexOf(`${count} ×`)];
      const id = {BF16: 'bf16', FP8: 'fp8', 'AWQ int4': 'awq-int4'}[format];
      const {stdout} = spawnSync(join(root, 'build/release/plimsoll'),
                                 ['estimate', '--url', `m=llama-3.1-70b&q=${id}&g=h100-sxm&n=${count}&ctx=8192&c=8`, '--json'], {encoding: 'utf8'});
      const {fits, speed} = JSON.parse(stdout);
      assert.equal(!cell.startsWith('\u2212'), fits, `${format} on ${count}: ${cell}`);
      if (fits) assert.ok(Math.abs(Number.parseFloat(cell) - speed.decode_tokens_per_s) <= Math.max(0.51, 0.06 * speed.decode_tokens_per_s), `${format} on ${count}: ${cell}, ${speed.decode_tokens_per_s}`);
    }
  }
});

test('the most users of gpt-oss 120B on 4 H100 with first token under 1 s and 30 tok/s each', async () => {
  const me = await visitor();
  await me.click('Try: Most users of gpt-oss 120B on 4 H100');
  const most = await me.reads('the range', async (page) => {
    const {value} = await find(page, 'Most users', 'row');
    return /^(at least )?\d/.test(value) ? value : null;
  });
  assert.ok(Number.parseInt(most.replace('at least ', ''), 10) > 1, most);
});

test('which experts stay in RAM for gpt-oss 120B on two RTX 3090', async () => {
  const me = await visitor();
  await me.click('Try: gpt-oss 120B on two RTX 3090, experts in RAM');
  const way = await me.reads('the way out', async (page) => {
    const nodes = await page.evaluate(() => globalThis.plimsoll.semantics());
    return nodes.find(({role, label}) => role === 'button' && /^experts of \d+ of 36 layers in RAM/.test(label));
  });
  await me.click(way.label, 'button');
  const given = await me.reads('what it sets', async (page) => ((await config(page)).n_cpu_moe ? config(page) : null));
  assert.ok(given.n_cpu_moe > 0 && given.n_cpu_moe < 24, `${given.n_cpu_moe}: the cards are filled`);
});

// Without the chips that ask them.
// Into the field that was pressed, as soon as it takes text: on a busy machine that may be a while.
async function type(page, text) {
  await until('a field', () => page.evaluate(() => document.activeElement.id === 'agent'));
  await page.waitForTimeout(150);
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
  await page.waitForTimeout(200);
}

test('the cheapest cards for Qwen3 235B at 32k for 8 users, by hand', async () => {
  const me = await visitor();
  await me.click('Model');
  await type(me.page, 'qwen3 235b');
  await me.click('Context, typed');
  await type(me.page, '32k');
  await me.click('Find', 'tab');
  const answer = await me.reads('the price', async (page) => /8 users at 32,768 tokens each, from (\$[\d.]+) an hour/.exec(await verdict(page))?.[1]);
  // It is the command's.
  const {stdout} = spawnSync(join(root, 'build/release/plimsoll'), ['find', '--model', 'qwen3-235b-a22b', '--users', '8', '--max-model-len', '32k', '--json'], {encoding: 'utf8'});
  assert.equal(Number(answer.slice(1)).toFixed(2), JSON.parse(stdout).rows[0].price_per_h.toFixed(2));
});

test('the best Qwen3 on an RTX 4090 at 32k, by hand', async () => {
  const me = await visitor();
  await me.click('Context, typed');
  await type(me.page, '32k');
  await me.click('Users at once, typed');
  await type(me.page, '1');
  await me.click('Find', 'tab');
  await me.click('What can I run');
  const best = await me.reads('a Qwen3', async (page) => {
    const [table] = await tables(page);
    return table?.header.includes('Licence') ? table.rows.find(([model]) => /^Qwen3 /.test(model)) : null;
  });
  assert.match(best[0], /^Qwen3 (14B|30B|32B)/);
});

test('AWQ, FP8 or BF16 of a 70B on several H100, by hand', async () => {
  const me = await visitor();
  await me.click('Model');
  await type(me.page, 'llama 3.1 70b');
  await me.click('GPU');
  await type(me.page, 'h100 sxm');
  await me.click('Map', 'tab');
  await me.click('Across: Card');
  await me.click('GPU count', 'option');
  const [table] = await me.reads('the map', async (page) => {
    const list = await tables(page);
    return list[0]?.header.includes('4 ×') ? list : null;
  });
  for (const format of ['BF16', 'FP8', 'AWQ int4']) {
    const row = table.rows.find(([name]) => name === format);
    for (const count of ['1 ×', '2 ×', '4 ×']) assert.match(row[table.header.indexOf(count)], /\d/, `${format}, ${count}`);
  }
});

test('everything is found by one list, by keyboard and by its button', async () => {
  const {page} = await visitor();
  await page.keyboard.press('Control+k');
  await until('the list', async () => find(page, 'Search or do anything', 'searchbox').catch(() => null));
  await page.keyboard.type('llama 3.1 70b');
  await page.keyboard.press('Enter');
  await until('the model', async () => (await config(page)).model === 'llama-3.1-70b');
  await page.click('#palette-button');
  await until('the list again', async () => find(page, 'Search or do anything', 'searchbox').catch(() => null));
  await page.keyboard.press('Escape');
  await until('it is closed', async () => find(page, 'Search or do anything', 'searchbox').then(() => false, () => true));
});

test('typing while the page is scrolled does not move it', async () => {
  const page = await open(site, 'app/#m=llama-3.1-8b&g=rtx-4090&ctx=8192&t=speed', {viewport: {width: 1200, height: 500}});
  await page.evaluate(() => window.scrollTo(0, 240));
  await page.waitForTimeout(200);
  const before = await page.evaluate(() => window.scrollY);
  assert.ok(before > 100);
  const nodes = await page.evaluate(() => globalThis.plimsoll.semantics());
  const field = nodes.find(({role, y}) => role === 'spinbutton' && y > 100 && y < 460);
  await page.mouse.click(field.x + field.width / 2, field.y + field.height / 2);
  await page.keyboard.type('3');
  await page.waitForTimeout(150);
  assert.equal(await page.evaluate(() => window.scrollY), before);
});

test('paper gets the picture, the answer and the tables', async () => {
  const {page} = await visitor();
  await page.evaluate(() => {
    document.getElementById('mirror').open = false;
    window.dispatchEvent(new Event('beforeprint'));
  });
  assert.match(await page.evaluate(() => document.getElementById('print-picture').src), /^data:image\/png/);
  await page.emulateMedia({media: 'print'});
  assert.ok(await page.isVisible('#print-picture'));
  assert.ok(await page.isVisible('#mirror-memory'));
  assert.ok(!(await page.isVisible('#canvas')));
  assert.ok(!(await page.isVisible('.mirror-form')));
  await page.emulateMedia({media: 'screen'});
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  assert.equal(await page.evaluate(() => document.getElementById('mirror').open), false);
});
