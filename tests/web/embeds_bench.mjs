// Thirty embeds on one page: how long until all answer, and what memory the browser takes for them beside an empty page; run
// by hand.
//
//   node tests/web/embeds_bench.mjs [COUNT=30]
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {openSite} from '../support/browser.mjs';
import {serve} from '../support/serve.mjs';

const count = Number(process.argv[2] ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-embeds-'));
const site = await openSite();
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>A post</title>' + Array.from({length: count}, (_, i) =>
  `<iframe width="700" height="440" src="${site.url}embed/#m=qwen3-8b&g=rtx-4090&seqs=${i + 1}"></iframe>`).join(''));
const host = await serve(folder);

// The proportional shares of all processes under the browser's, in MB.
function memory() {
  const all = execFileSync('ps', ['-eo', 'pid=,ppid='], {encoding: 'utf8'}).trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const ours = new Set([process.pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, parent] of all) {
      if (!ours.has(parent) || ours.has(pid)) continue;
      ours.add(pid);
      grown = true;
    }
  }
  ours.delete(process.pid);
  let kilobytes = 0;
  for (const pid of ours) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // it has ended
    }
  }
  return kilobytes / 1024;
}

try {
  const page = await site.page({viewport: {width: 800, height: 700}});
  await page.goto('about:blank');
  await page.waitForTimeout(1000);
  const before = memory();
  const begun = performance.now();
  await page.goto(host.url);
  for (const frame of page.frames().slice(1)) await frame.evaluate(() => globalThis.plimsoll.ready);
  const took = performance.now() - begun;
  await page.waitForTimeout(1500);
  console.log(`${count} embeds: all ready after ${Math.round(took)} ms, ${Math.round(memory() - before)} MB`);
} finally {
  await site.close();
  await host.close();
  rmSync(folder, {recursive: true, force: true});
}
