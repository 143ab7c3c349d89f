// The static pages: readable without JavaScript, no dead links, one look, and not too heavy.
import assert from 'node:assert/strict';
import {existsSync, readFileSync, readdirSync, statSync} from 'node:fs';
import {cpus, loadavg} from 'node:os';
import {dirname, join, normalize, relative} from 'node:path';
import {after, before, test} from 'node:test';
import {gzipSync} from 'node:zlib';

import {openSite, root} from '../support/browser.mjs';

const folder = join(root, 'build', 'site');
// Bytes, gzipped, of a first visit to /app/. 480 kB were asked for when there were two engines, one tab of one configuration
// and a third of the families; with four engines, Find, Compare, Map and what 240 architectures need it was 730, with ways
// out of a context that is too long, machines of RPC servers, the steady state of schedulers and refitted speeds it was 740, with thirty
// further families, kernels by name and words for what lies in a model's file's place it was 755, with ten families more and caches in RAM 764, with experts
// in RAM over several cards 769, with caches of LMCache and 13 cards more 772, with ways
// out of too little RAM for a cache 773, with names taken to pieces once and pictures drawn once 774. Raise it only in the commit that needs it.
const kBudget = 775_000;

let site;
before(async () => {
  site = await openSite();
});
after(() => site?.close());

function* pages(directory = folder) {
  for (const entry of readdirSync(directory, {withFileTypes: true})) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* pages(path);
    else if (entry.name.endsWith('.html')) yield path;
  }
}

test('the first sentence of the landing page leads to Find, and Find answers', async () => {
  const page = await site.page();
  await page.goto(site.url);
  const first = page.locator('main p').first();
  assert.match(await first.textContent(), /^Plimsoll finds which cards a language model needs, and what yours can run/);
  await first.locator('a').click();
  await page.waitForURL(/app\/#.*t=find/);
  await page.waitForFunction(() => document.documentElement.dataset.ready === 'true');
  await page.waitForFunction(() => globalThis.plimsoll.tables().some(({rows}) => rows.length > 5), null, {timeout: 120_000});
});

test('every link and asset on every page leads somewhere, relatively', () => {
  const dead = [];
  for (const page of pages()) {
    const html = readFileSync(page, 'utf8');
    for (const [, link] of html.matchAll(/<[a-z][^>]*\s(?:href|src)="([^"]*)"/g)) {
      if (/^(https?:|mailto:|#|data:)/.test(link)) continue;
      if (link.startsWith('/')) {
        dead.push(`${relative(folder, page)}: ${link} is not relative`);
        continue;
      }
      const path = link.split(/[?#]/)[0];
      let target = normalize(join(dirname(page), path));
      if (path === '' || path.endsWith('/') || (existsSync(target) && statSync(target).isDirectory())) target = join(target, 'index.html');
      if (!existsSync(target)) dead.push(`${relative(folder, page)}: ${link}`);
    }
  }
  assert.deepEqual(dead.slice(0, 20), []);
});

test('every page has a title, a description, a policy, and no inline script or style', () => {
  for (const page of pages()) {
    const html = readFileSync(page, 'utf8');
    const name = relative(folder, page);
    assert.match(html, /<title>[^<]{5,}<\/title>/, name);
    if (!name.startsWith('embed')) assert.match(html, /<meta name="description" content="[^"]{20,}"/, name);
    assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'/, name);
    assert.doesNotMatch(html, /<script(?![^>]*(src=|application\/ld\+json))|\sstyle="|\son[a-z]+="|\{\{/, name);
    assert.doesNotMatch(html, /\bNaN\b|undefined/, name);
  }
});

test('the landing page answers without JavaScript', async () => {
  const context = await site.browser.newContext({javaScriptEnabled: false});
  const page = await context.newPage();
  await page.goto(site.url);
  const text = await page.innerText('main');
  assert.match(text, /Does not fit/);
  assert.match(text, /37\.\d/);
  assert.ok(await page.isVisible('svg.load-line'));
  await context.close();
});

test('what is prerendered is what the estimator says', async () => {
  const page = await site.page();
  await page.goto(site.url);
  const [headline, href] = await page.evaluate(() => [document.querySelector('.verdict').innerText, document.querySelector('.card a.button').href]);
  await page.goto(href);
  await page.evaluate(() => globalThis.plimsoll.ready);
  assert.equal((await page.evaluate(() => globalThis.plimsoll.report().headline)).replace(/\.$/, ''), headline);
});

test('a model page links into the estimator with its configuration', async () => {
  const page = await site.page();
  await page.goto(`${site.url}models/llama-3.1-70b/`);
  assert.match(await page.innerText('h1'), /Llama 3\.1 70B/);
  await page.click('main td a');
  await page.waitForFunction(() => document.documentElement.dataset.ready === 'true');
  const report = await page.evaluate(() => globalThis.plimsoll.report());
  assert.equal(report.config.model, 'llama-3.1-70b');
  assert.equal(report.fits, true);
});

test('guides embed the live widget', async () => {
  const page = await site.page();
  await page.goto(`${site.url}guides/llama-70b-on-one-4090/`);
  await page.waitForSelector('plimsoll-estimate iframe');
  await page.waitForTimeout(1500);
  const frame = page.frames().find((f) => f.url().includes('/embed/'));
  await frame.waitForFunction(() => document.documentElement.dataset.ready === 'true');
  assert.equal(await frame.evaluate(() => globalThis.plimsoll.report().verdict), 'does_not_fit');
  assert.deepEqual(page.complaints, []);
});

test('the error page keeps its looks at any depth', async () => {
  const page = await site.page();
  const html = readFileSync(join(folder, '404.html'), 'utf8');
  await page.route('**/models/no/such/', (route) => route.fulfill({status: 404, contentType: 'text/html', body: html}));
  await page.goto(`${site.url}models/no/such/`);
  assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.header')).display), 'flex');
  assert.ok(page.complaints.every((line) => /404/.test(line)), page.complaints.join('\n'));
});

test('on a phone the header shows all of itself', async () => {
  for (const path of ['', 'app/', 'models/', 'models/llama-3.1-70b/', 'gpus/rtx-4090/', 'accuracy/', 'guides/']) {
    const page = await site.page({viewport: {width: 390, height: 844}});
    await page.goto(site.url + path);
    const out = await page.evaluate(() => [...document.querySelectorAll('.header a, .header button')]
      .filter((item) => item.getBoundingClientRect().right > innerWidth + 0.5).map((item) => item.textContent));
    assert.deepEqual(out, [], path);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `/${path} scrolls sideways`);
  }
});

test('sitemap and robots are there', () => {
  const sitemap = readFileSync(join(folder, 'sitemap.xml'), 'utf8');
  for (const path of ['app/', 'models/llama-3.1-70b/', 'gpus/rtx-4090/', 'guides/']) assert.ok(sitemap.includes(`${path}</loc>`), path);
  assert.match(readFileSync(join(folder, 'robots.txt'), 'utf8'), /Sitemap:/);
});

test('the first visit to the estimator is light and quick', async () => {
  const page = await site.page();
  let total = 0;
  const sizes = {};
  page.on('response', async (response) => {
    const body = await response.body().catch(() => Buffer.alloc(0));
    const size = gzipSync(body, {level: 9}).length;
    sizes[new URL(response.url()).pathname] = size;
    total += size;
  });
  await page.goto(`${site.url}app/`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  await page.waitForTimeout(500);
  assert.ok(total <= kBudget, `${total} bytes gzipped: ${JSON.stringify(sizes)}`);
  console.log(`# a first visit loads ${total} bytes gzipped`);
});

test('a host that does not say what WebAssembly is serves the estimator all the same', async () => {
  const page = await site.page();
  let plain = 0;
  await page.route('**/*.wasm', async (route) => {
    const response = await route.fetch();
    ++plain;
    await route.fulfill({response, headers: {...response.headers(), 'content-type': 'application/octet-stream'}});
  });
  await page.goto(`${site.url}app/`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  assert.ok(plain > 0);
});

test('the host here lets browsers compile the module while it arrives', async () => {
  const page = await site.page();
  const types = [];
  page.on('response', (response) => {
    if (response.url().endsWith('.wasm')) types.push(response.headers()['content-type']);
  });
  await page.goto(`${site.url}app/`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  assert.deepEqual(types, ['application/wasm']);
  assert.deepEqual(page.complaints, []);
});

test('it is usable within a second', async () => {
  // The clock is fair on a machine of one's own; where cores are shared the page's own processor time is.
  let [clock, processor] = [Infinity, Infinity];
  for (let visit = 0; visit < 4; ++visit) {
    const page = await site.page();
    const tools = await page.context().newCDPSession(page);
    await tools.send('Performance.enable', {timeDomain: 'threadTicks'});
    await page.goto(`${site.url}app/`);
    await page.evaluate(() => globalThis.plimsoll.ready);
    clock = Math.min(clock, await page.evaluate(() => performance.getEntriesByName('plimsoll:ready')[0].startTime));
    const {metrics} = await tools.send('Performance.getMetrics');
    processor = Math.min(processor, 1000 * metrics.find(({name}) => name === 'TaskDuration').value);
    await page.close();
  }
  const crowd = Math.max(1, loadavg()[0] / cpus().length);
  const measured = `${Math.round(clock)} ms by the clock, ${Math.round(processor)} ms of processor, ${crowd.toFixed(1)} tasks to a core`;
  assert.ok(processor < 1000, measured);
  assert.ok(clock < 1000 * crowd, measured);
  console.log(`# usable after ${measured}`);
});

test('the tokens of the canvas are those of the style sheet', () => {
  const theme = readFileSync(join(root, 'web', 'theme.cc'), 'utf8');
  const css = readFileSync(join(root, 'site', 'assets', 'style.css'), 'utf8');
  const tokens = [...theme.matchAll(/\{"([a-z-]+)", &Palette::\w+, 0x([0-9a-f]{6}), 0x([0-9a-f]{6})\}/g)];
  assert.ok(tokens.length >= 19);
  const values = (name) => [...css.matchAll(new RegExp(`--${name}: (#[0-9a-f]{6});`, 'g'))].map((match) => match[1]);
  for (const [, name, light, dark] of tokens) assert.deepEqual(values(name), [`#${light}`, `#${dark}`, `#${dark}`], name);
});

test('text reads on its ground', () => {
  const theme = readFileSync(join(root, 'web', 'theme.cc'), 'utf8');
  const tokens = Object.fromEntries([...theme.matchAll(/\{"([a-z-]+)", &Palette::\w+, 0x([0-9a-f]{6}), 0x([0-9a-f]{6})\}/g)].map((m) => [m[1], [m[2], m[3]]]));
  const luminance = (hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  for (const mode of [0, 1]) {
    // Verdicts are large type (WCAG 1.4.3).
    for (const [ink, least] of [['ink', 4.5], ['muted', 4.5], ['accent', 4.5], ['fits', 3], ['tight', 3], ['does-not-fit', 3]]) {
      for (const ground of ['background', 'panel', 'field']) {
        const ratio = contrast(tokens[ink][mode], tokens[ground][mode]);
        assert.ok(ratio >= least, `${ink} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
  }
});
