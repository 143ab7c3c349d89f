// What the browser tests share: a page that is ready, and a mouse that finds things by their labels.
import assert from 'node:assert/strict';

export const kExample = 'm=llama-3.1-70b&q=awq-int4&g=rtx-4090&kv=fp8&ctx=16384&seqs=4';

export async function open(site, path = 'app/', options = {}) {
  const page = await site.page({viewport: {width: 1440, height: 900}, ...options});
  await page.goto(site.url + path);
  await ready(page);
  if (path.startsWith('app/')) await unfold(page);
  return page;
}

// The form below the picture is folded to a line for those who see the picture.
export const unfold = (page) => page.evaluate(() => {
  document.getElementById('mirror').open = true;
});

export async function ready(frame) {
  await frame.waitForFunction(() => document.documentElement.dataset.ready === 'true');
}

export const config = (page) => page.evaluate(() => globalThis.plimsoll.config());
export const report = (page) => page.evaluate(() => globalThis.plimsoll.report());
export const frames = (page) => page.evaluate(() => globalThis.plimsoll.frames());

export async function find(page, label, role) {
  const nodes = await page.evaluate(() => globalThis.plimsoll.semantics());
  const node = nodes.reverse().find((n) => n.label === label && (!role || n.role === role));
  assert.ok(node, `nothing called "${label}" is shown; there is ${nodes.map((n) => n.label).join(', ')}`);
  return {...node, cx: node.x + node.width / 2, cy: node.y + node.height / 2};
}

export async function click(page, label, role) {
  const node = await find(page, label, role);
  await page.mouse.click(node.cx, node.cy);
  await page.waitForTimeout(120);
}

// A watchdog, no stopwatch: a cold or busy machine takes its time.
export async function until(what, check, milliseconds = Number(process.env.PLIMSOLL_PATIENCE ?? 120_000)) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    assert.ok(Date.now() < end, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// The screens that the page is looked at on.
export const kScreens = {
  desk: {viewport: {width: 1440, height: 900}},
  tablet: {viewport: {width: 1024, height: 768}},
  phone: {viewport: {width: 390, height: 844}, hasTouch: true, isMobile: true},
};

const kFinger = 40;  // px, the least that is hit without looking twice
const kTouched = new Set(['button', 'combobox', 'switch', 'spinbutton', 'slider', 'option', 'tab', 'gridcell', 'link', 'textbox']);

// What sticks out sideways, and on a touch screen what is smaller than a finger; in words.
export async function outOfReach(page, {viewport, hasTouch}) {
  const nodes = await page.evaluate(() => globalThis.plimsoll.semantics());
  const faults = nodes.filter(({x, width}) => x < -1 || x + width > viewport.width + 1).map(({role, label}) => `${role} "${label}" sticks out`);
  if (await page.evaluate(() => document.documentElement.scrollWidth) > viewport.width) faults.push('the page scrolls sideways');
  if (!hasTouch) return faults;
  for (const {role, label, width, height} of nodes.filter((node) => kTouched.has(node.role))) {
    if (width < kFinger || height < kFinger) faults.push(`${role} "${label}" is ${Math.round(width)} × ${Math.round(height)}`);
  }
  return faults;
}
