// Takes the pictures that README.md shows, of the built site: `node tests/web/screenshots.mjs docs/images`.
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';

import {openSite} from '../support/browser.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/web/screenshots.mjs FOLDER');
  process.exit(2);
}
mkdirSync(folder, {recursive: true});
const site = await openSite();
for (const colorScheme of ['light', 'dark']) {
  const page = await site.page({colorScheme, viewport: {width: 1440, height: 900}});
  await page.goto(`${site.url}app/#m=llama-3.1-70b&q=awq-int4&g=rtx-4090&n=4&ctx=16384`);
  await page.evaluate(() => globalThis.plimsoll.ready);
  await page.waitForTimeout(1000);  // the fonts and the first frames
  await page.screenshot({path: join(folder, `estimator-${colorScheme}.png`)});
}
await site.close();
