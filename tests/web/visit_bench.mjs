// How long a first and a repeat visit to /app/ take, from the start of the navigation until the estimator is ready; run by
// hand. Several sites are visited in turn, so that a busy machine is as unfair to one as to the other.
//
//   node tests/web/visit_bench.mjs [--visits=10] [--mbit=0] [SITE…]
//
// A first visit is made by a browser with an empty profile; a repeat visit follows in the same browser. --mbit throttles the
// line, with 40 ms there and back.
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {chromium} from 'playwright-core';

import {browserFlags, browserPath, root} from '../support/browser.mjs';
import {serve} from '../support/serve.mjs';

const option = (name, otherwise) => Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);
const kStay = 2500;  // ms, in which a browser may keep what it compiled
const visits = option('visits', 10);
const mbit = option('mbit', 0);
const named = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const sites = named.length ? named : [join(root, 'build', 'site')];

async function visit(context, url) {
  const page = await context.newPage();
  if (mbit) {
    const tools = await context.newCDPSession(page);
    const bytes = mbit * 1e6 / 8;
    await tools.send('Network.emulateNetworkConditions', {offline: false, latency: 40, downloadThroughput: bytes, uploadThroughput: bytes});
  }
  await page.goto(url);
  const milliseconds = await page.evaluate(() => globalThis.plimsoll.ready.then(
    () => performance.getEntriesByName('plimsoll:ready')[0].startTime));
  await page.waitForTimeout(kStay);
  await page.close();
  return milliseconds;
}

async function firstAndRepeat(url) {
  const profile = mkdtempSync(join(tmpdir(), 'plimsoll-visit-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath(), args: browserFlags,
  });
  try {
    return [await visit(context, url), await visit(context, url)];
  } finally {
    await context.close();
    rmSync(profile, {recursive: true, force: true});
  }
}

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

const servers = await Promise.all(sites.map((folder) => serve(folder, {hosted: true})));
const times = sites.map(() => []);
for (let i = 0; i < visits; ++i) {
  for (const [at, {url}] of servers.entries()) times[at].push(await firstAndRepeat(`${url}app/`));
}
await Promise.all(servers.map((server) => server.close()));
for (const [at, folder] of sites.entries()) {
  const [first, repeat] = [0, 1].map((n) => median(times[at].map((row) => row[n])).toFixed(0));
  console.log(`${folder}: first visit ${first} ms, repeat visit ${repeat} ms (median of ${visits})`);
}
