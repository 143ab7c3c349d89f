// The browser and the built site, for tests/web/*.test.mjs.
//
//   const site = await openSite();                  // build/site, served under a sub-path
//   const page = await site.page({deviceScaleFactor: 2, viewport: {width: 1440, height: 900}});
//   await page.goto(site.url + 'app/');  …  await site.close();
import {existsSync} from 'node:fs';
import {delimiter, dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {chromium} from 'playwright-core';

import {serve} from './serve.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

// The system's own browser; PLIMSOLL_BROWSER names another.
export function browserPath() {
  if (process.env.PLIMSOLL_BROWSER) return process.env.PLIMSOLL_BROWSER;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
  }
  throw new Error('no chromium or google-chrome on the PATH; PLIMSOLL_BROWSER can name one');
}

// WebGL runs in software, so that it is there on every machine.
export const browserFlags = ['--no-sandbox', '--disable-dev-shm-usage', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];

// `args` are further Chromium flags.
export function launchBrowser({args = []} = {}) {
  return chromium.launch({
    executablePath: browserPath(),
    args: [...browserFlags, ...args],
  });
}

// Serves `folder` under `mount` and starts a browser. Every page collects what the console and the page complain about in
// `page.complaints`, and its context is closed with the site.
export async function openSite({folder = join(root, 'build', 'site'), mount = '/plimsoll/', args = []} = {}) {
  const server = await serve(folder, {mount});
  const browser = await launchBrowser({args});
  return {
    url: server.url,
    browser,
    async page(options = {}) {
      const context = await browser.newContext({viewport: {width: 1280, height: 800}, ...options});
      const page = await context.newPage();
      page.setDefaultTimeout(180_000);  // watchdogs: a cold or busy machine takes its time
      page.setDefaultNavigationTimeout(180_000);
      page.complaints = [];
      page.on('pageerror', (error) => page.complaints.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') page.complaints.push(message.text());
      });
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
