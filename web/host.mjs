// The browser's side of the canvas: start-up, size and density, pointer, keyboard, text and clipboard, drawing on
// demand, the link in the address bar, theme, lost contexts. The C++ side is a dozen functions (wasm_exports.cc).
//
// `globalThis.plimsoll` is the documented way in for tests, scripts and embeds: ready, config(), report(), set(),
// semantics(), frames().
import {createChecker, isTextFile} from './check.mjs';
import {createExporter} from './exporter.mjs';
import {createFileReader} from './files.mjs';
import {createHub} from './hub.mjs';
import regularUrl from './inter-regular.ttf';
import semiboldUrl from './inter-semibold.ttf';
import {createMirror} from './mirror.mjs';
import {createPasteMenu} from './paste_menu.mjs';
import createModule from './plimsoll.mjs';
import wasmUrl from './plimsoll.wasm';
import {createRenderer} from './renderer.mjs';
import {CoreWorker, createErrands} from './work.mjs';

const kFontEm = 1.2102;  // Inter: (ascent - descent) / em
const kAwake = 600;      // ms: after an event, long enough for ImGui's hover delays and queued input
const kSettled = 400;    // ms: the address follows when a change has settled
const kMaxFragment = 65536;

const root = document.documentElement;
const stage = document.getElementById('stage');
const canvas = document.getElementById('canvas');
const agent = document.getElementById('agent');
const notice = document.getElementById('notice');
const embed = root.dataset.page === 'embed';
const query = new URLSearchParams(location.search);

let module = null;
let renderer = null;
let drawable = false;
let frames = 0;

// ---- strings to and from the module ----------------------------------------------------------------------------

function withText(text, use) {
  const size = module.lengthBytesUTF8(text) + 1;
  const address = module._malloc(size);
  module.stringToUTF8(text, address, size);
  try {
    return use(address);
  } finally {
    module._free(address);
  }
}

const put = (kind, text) => withText(text, (address) => module._plimsoll_put(kind, address)) === 1;
const get = (kind) => module.UTF8ToString(module._plimsoll_get(kind));
const kPut = {config: 0, fragment: 1, action: 2, clipboard: 3, dismiss: 4, forget: 6, hub: 7, checked: 8, beginning: 9};
const kGet = {config: 0, fragment: 1, report: 2, semantics: 3, options: 4, notice: 5, clipboard: 6, file: 7, questions: 8, tables: 9, ask: 10, pictureLight: 11, pictureDark: 12, hubRequest: 13, hub: 14, copied: 15, answer: 16, ways: 17};

// ---- the documented interface ----------------------------------------------------------------------------------

let becomeReady;
let failToStart;
const ready = new Promise((resolve, reject) => {
  becomeReady = resolve;
  failToStart = reject;
});
ready.catch(() => {});  // whoever awaits it sees the failure; nobody must

globalThis.plimsoll = Object.freeze({
  ready,
  config: () => JSON.parse(get(kGet.config)),
  report: () => JSON.parse(get(kGet.report)),
  // null when it was taken, else one line that says what was wrong; then nothing has changed.
  set(config) {
    let text = config;
    try {
      if (typeof config !== 'string') text = JSON.stringify(config) ?? String(config);  // of undefined there is no JSON
    } catch (error) {
      return `config: ${error.message}`;  // circles, BigInt
    }
    const taken = put(kPut.config, text);
    const problem = taken ? null : get(kGet.notice);
    changed();
    return problem;
  },
  fragment: () => get(kGet.fragment),
  semantics() {
    draw();
    return JSON.parse(get(kGet.semantics));
  },
  frames: () => frames,
  // The tables of the open tab, as they are written: [{caption, header, rows, markdown, csv}].
  tables() {
    draw();
    return JSON.parse(get(kGet.tables));
  },
  // What is known of the file that was dropped or opened; null without one.
  file: () => JSON.parse(get(kGet.file)),
});

// ---- drawing on demand -----------------------------------------------------------------------------------------

const kOutcome = ['contentHeight', 'scrollBy', 'again', 'wantsText', 'caretX', 'caretY', 'caretHeight', 'cursor',
                  'popupOpen', 'keyFocus', 'version', 'drawing', 'drawingLength', 'red', 'green', 'blue', 'filesAsked', 'fileVersion', 'asked', 'errands', 'picture'];
const kCursors = ['default', 'text', 'move', 'ns-resize', 'ew-resize', 'nesw-resize', 'nwse-resize', 'pointer', 'wait',
                  'progress', 'not-allowed'];
let outcome = Object.fromEntries(kOutcome.map((name) => [name, 0]));
let size = {width: 1, height: 1, density: 1};
let awakeUntil = 0;
let scheduled = false;
let shown = 0;  // the picture that the canvas has; 0: none
let inView = true;
let waiting = false;  // for somebody to scroll here: no picture yet
let coarse = matchMedia('(pointer: coarse)').matches;
let contentHeight = 0;

function insetTop() {
  return embed ? 0 : document.getElementById('header').offsetHeight;
}

function scrolled() {
  if (embed) return 0;
  return Math.max(0, Math.min(-stage.getBoundingClientRect().top, stage.offsetHeight - canvas.offsetHeight));
}

function wake(milliseconds = kAwake) {
  awakeUntil = Math.max(awakeUntil, performance.now() + milliseconds);
  if (!scheduled && drawable && inView && !document.hidden) {
    scheduled = true;
    requestAnimationFrame(tick);
  }
}

function tick() {
  scheduled = false;
  draw();
  if (outcome.again || pointersDown.size > 0 || performance.now() < awakeUntil) wake(0);
}

function draw() {
  if (!drawable) return;
  const list = computeFrame();
  if (outcome.picture !== shown) {
    renderer.draw(module.HEAPU8, list, size.width, size.height, [outcome.red, outcome.green, outcome.blue]);
    shown = outcome.picture;
  }
  react();
}

let before = outcome;

// A frame without its picture: what is where, how high it is, what it asks for.
function computeFrame() {
  const flags = (root.dataset.theme === 'dark' ? 1 : 0) | (coarse ? 2 : 0) | (embed ? 4 : 0);
  const address = module._plimsoll_frame(performance.now() / 1000, size.width, size.height, size.density, insetTop(),
                                         scrolled(), flags);
  ++frames;
  const numbers = new Float64Array(module.HEAPU8.buffer, address, kOutcome.length);
  before = outcome;
  outcome = Object.fromEntries(kOutcome.map((name, i) => [name, numbers[i]]));
  return new Int32Array(module.HEAPU8.buffer, outcome.drawing, outcome.drawingLength);
}

function react() {
  const cursor = kCursors[outcome.cursor] ?? 'default';
  if (canvas.style.cursor !== cursor) canvas.style.cursor = cursor;
  // While a menu is open a finger scrolls its list, not the page.
  const touchAction = outcome.popupOpen ? 'none' : 'pan-y';
  if (canvas.style.touchAction !== touchAction) canvas.style.touchAction = touchAction;
  if (outcome.contentHeight !== contentHeight) resizeStage(outcome.contentHeight);
  if (outcome.scrollBy && !embed) window.scrollBy({top: outcome.scrollBy, behavior: 'instant'});
  root.classList.toggle('by-keyboard', focused && outcome.keyFocus === 1);
  followText();
  if (outcome.version !== before.version) changed();
  showNotice();
  if (outcome.filesAsked > before.filesAsked) files.ask();
  if (outcome.asked > before.asked) answerAsk(get(kGet.ask));
  if (outcome.errands !== before.errands) errands.run(JSON.parse(get(kGet.questions)));
  if (outcome.fileVersion !== before.fileVersion) mirror.showFile(JSON.parse(get(kGet.file)));
}

// Phones show their keyboard only for a field that is focused inside the event, and ImGui takes some frames from a press
// to a field that wants text.
function drawUntilSettled() {
  draw();
  draw();
  for (let i = 0; i < 4 && outcome.again; ++i) draw();
}

// ---- size ------------------------------------------------------------------------------------------------------

function resizeStage(height) {
  contentHeight = height;
  if (embed) {
    canvas.style.height = `${height}px`;
    announceSize();
  } else {
    stage.style.height = `${height}px`;
  }
}

function measure(entry) {
  const box = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  let width = Math.round(box.width * ratio);
  let height = Math.round(box.height * ratio);
  const exact = entry?.devicePixelContentBoxSize?.[0];
  // Emulated screens report the box unscaled: believe it only where it agrees with the ratio.
  if (exact && Math.abs(exact.inlineSize - width) <= 2 && Math.abs(exact.blockSize - height) <= 2) {
    width = exact.inlineSize;
    height = exact.blockSize;
  }
  if (width < 1 || height < 1) return;
  const density = Math.round((width / box.width) * 8) / 8 || 1;  // steps, so that fonts are not rasterised anew at every size
  if (canvas.width !== width || canvas.height !== height || size.density !== density) {
    canvas.width = width;
    canvas.height = height;
    shown = 0;
    size = {width: width / density, height: height / density, density};
    if (drawable) draw();
    else if (waiting) resizeStage(layOut());
  }
  wake(100);
}

function watchSize() {
  const observer = new ResizeObserver((entries) => measure(entries[0]));
  try {
    observer.observe(canvas, {box: 'device-pixel-content-box'});
  } catch {
    observer.observe(canvas);
  }
  const armRatio = () => matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener('change', () => {
    armRatio();
    measure();
  }, {once: true});
  armRatio();
  matchMedia('(pointer: coarse)').addEventListener('change', (event) => {
    coarse = event.matches;
    wake();
  });
  if (!embed) window.addEventListener('scroll', () => wake(60), {passive: true});
  document.addEventListener('visibilitychange', () => {
    shown = 0;  // a browser may have let it go
    wake();
  });
}

// ---- pointer ---------------------------------------------------------------------------------------------------

const pointersDown = new Set();
let pressing = false;  // the focus comes by a pointer
let finger = null;  // a touch that has not yet shown whether it taps, slides or scrolls

const at = (event) => {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
};
const imguiButton = (button) => (button === 0 ? 0 : 3 - button);
const sendPointer = (kind, x, y, button, touch) => module._plimsoll_pointer(kind, x, y, button, touch ? 1 : 0);

function pointerDown(event) {
  if (event.button > 2) return;
  pressing = true;
  focusCanvas();
  pressing = false;
  const [x, y] = at(event);
  if (event.pointerType === 'touch') {
    finger = {id: event.pointerId, x, y, lastY: y, mode: 'undecided'};
    sendPointer(0, x, y, 0, true);
    pasteMenu.rest(() => fingerRests(event));
  } else {
    try {
      canvas.setPointerCapture(event.pointerId);
    } catch {
      // a pointer that a script made up cannot be captured
    }
    pointersDown.add(event.pointerId);
    sendKey('', false, modifiers(event));  // Shift was perhaps pressed where the picture had no focus
    sendPointer(1, x, y, imguiButton(event.button), false);
    drawUntilSettled();
  }
  wake();
}

function pointerMove(event) {
  const [x, y] = at(event);
  if (event.pointerType !== 'touch') {
    sendPointer(0, x, y, 0, false);
  } else if (finger?.id === event.pointerId) {
    fingerMove(x, y);
  }
  wake();
}

function tap(x, y) {
  sendPointer(1, x, y, 0, true);
  draw();
  draw();
  sendPointer(2, x, y, 0, true);
}

// A long press in a field: where a page's own field would offer to paste, so do we.
function fingerRests(event) {
  if (finger?.id !== event.pointerId || finger.mode !== 'undecided') return;
  tap(finger.x, finger.y);
  drawUntilSettled();
  fingerGone();
  offerPaste(event);
}

function offerPaste(event) {
  if (outcome.wantsText && !outcome.popupOpen) pasteMenu.show(event.clientX, event.clientY);
}

// Sideways moves a slider; up and down scrolls the page (the browser does that, and cancels the touch) or, while a
// menu is open, its list.
function fingerMove(x, y) {
  if (finger.mode === 'undecided') {
    const across = Math.abs(x - finger.x);
    const along = Math.abs(y - finger.y);
    if (Math.max(across, along) < 7) return;
    pasteMenu.leave();
    finger.mode = along > across && outcome.popupOpen ? 'scroll' : 'drag';
    if (finger.mode === 'drag') {
      pointersDown.add(finger.id);
      sendPointer(1, finger.x, finger.y, 0, true);
      draw();
    }
  }
  if (finger.mode === 'drag') sendPointer(0, x, y, 0, true);
  if (finger.mode === 'scroll') {
    module._plimsoll_wheel(finger.x, finger.y, 0, (finger.lastY - y) / 85);
    finger.lastY = y;
  }
}

function pointerUp(event) {
  const [x, y] = at(event);
  if (event.pointerType === 'touch') {
    if (finger?.id !== event.pointerId) return;
    if (finger.mode === 'undecided') {
      tap(finger.x, finger.y);
    } else if (finger.mode === 'drag') {
      sendPointer(2, x, y, 0, true);
    }
    drawUntilSettled();
    fingerGone();
  } else {
    pointersDown.delete(event.pointerId);
    sendKey('', false, modifiers(event));
    sendPointer(2, x, y, imguiButton(event.button), false);
    drawUntilSettled();
  }
  wake();
}

function fingerGone() {
  pasteMenu.leave();
  if (!finger) return;
  pointersDown.delete(finger.id);
  finger = null;
  sendPointer(3, 0, 0, 0, true);
}

function pointerCancel(event) {
  if (finger?.id === event.pointerId) {
    const dragging = finger.mode === 'drag';
    fingerGone();
    if (dragging) sendPointer(2, -1e6, -1e6, 0, true);
  } else if (pointersDown.delete(event.pointerId)) {
    sendPointer(2, -1e6, -1e6, 0, false);
  }
  wake();
}

// Only a list that can still move keeps the wheel; everything else scrolls the page around us.
function wheel(event) {
  if (event.ctrlKey) return;  // zoom
  const unit = event.deltaMode === 1 ? 1 / 3 : event.deltaMode === 2 ? 8 : 1 / 100;
  const [x, y] = at(event);
  if (module._plimsoll_wheel(x, y, event.deltaX * unit, event.deltaY * unit)) {
    event.preventDefault();
    wake();
  }
}

function listenToPointer() {
  canvas.addEventListener('pointerdown', pointerDown);
  canvas.addEventListener('pointermove', pointerMove);
  canvas.addEventListener('pointerup', pointerUp);
  canvas.addEventListener('pointercancel', pointerCancel);
  canvas.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'touch' || pointersDown.size > 0) return;
    sendPointer(3, 0, 0, 0, false);
    wake();
  });
  canvas.addEventListener('wheel', wheel, {passive: false});
  canvas.addEventListener('contextmenu', (event) => {
    event.preventDefault();
    if (event.pointerType === 'touch') return;  // fingerRests
    const [x, y] = at(event);
    if (event.button === 2) {
      tap(x, y);
      drawUntilSettled();
    }
    offerPaste(event);
  });
}

// ---- keyboard, text, clipboard ---------------------------------------------------------------------------------

const mac = /mac|iphone|ipad/i.test(navigator.platform);
const kBlank = '\u200b';  // something for a phone's keyboard to delete
let focused = false;
let leaving = false;   // after Escape, the next Tab is the browser's
let pressed = new Set();

function focusCanvas() {
  if (document.activeElement !== agent) canvas.focus({preventScroll: true});
}

const modifiers = (event) => (event.ctrlKey ? 1 : 0) | (event.shiftKey ? 2 : 0) | (event.altKey ? 4 : 0) | (event.metaKey ? 8 : 0);
const sendKey = (code, down, mods) => withText(code, (address) => module._plimsoll_key(address, down ? 1 : 0, mods)) === 1;

// Keys that would also scroll the page or press a button: ours only while something in the canvas has the focus.
const kShared = new Set(['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'Space', ' ', 'Enter', 'NumpadEnter']);

const kTurning = /^(Arrow(Left|Right)|Page(Up|Down)|Home|End)$/;  // of a slider that was dragged

function keyDown(event) {
  if (event.isComposing || event.keyCode === 229) return;
  const code = event.code || event.key;
  const mine = outcome.wantsText || outcome.popupOpen || outcome.keyFocus === 1 || (outcome.keyFocus === 2 && kTurning.test(code));
  if (code === 'Tab' && leaving) return;
  leaving = code === 'Escape' && !outcome.wantsText && !outcome.popupOpen;
  if (!outcome.wantsText && (event.ctrlKey || event.metaKey) && !event.altKey && /^Key[ZY]$/.test(code)) {
    goThroughChanges(code === 'KeyY' || event.shiftKey ? 1 : -1);
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) {
    // Editing shortcuts only; reload, zoom and the browser's tools stay the browser's.
    if (!outcome.wantsText || !/^Key[AZY]$|^Arrow|^Backspace$/.test(code)) return;
  } else if (kShared.has(code) && !mine) {
    return;
  }
  if (!sendKey(code, true, modifiers(event))) return;
  pressed.add(code);
  const typing = outcome.wantsText && (code === 'Space' || code === ' ' || /^Key[A-Z]$|^Minus$/.test(code)) && !event.ctrlKey && !event.metaKey;
  if (!typing && code !== 'Escape') event.preventDefault();
  draw();
  wake();
}

function keyUp(event) {
  const code = event.code || event.key;
  sendKey(code, false, modifiers(event));
  pressed.delete(code);
  // macOS never reports the release of a key that went down with Command.
  if (code.startsWith('Meta')) for (const held of pressed) sendKey(held, false, 0);
  wake();
}

// The text agent is an invisible input: it brings up a phone's keyboard and takes composed text.
function followText() {
  if (outcome.wantsText) {
    // Where the caret is in the window: browsers scroll to a field that somebody types in.
    const box = canvas.getBoundingClientRect();
    agent.style.left = `${box.left + Math.max(0, Math.min(outcome.caretX, size.width - 20))}px`;
    agent.style.top = `${Math.max(0, Math.min(box.top + outcome.caretY, window.innerHeight - 30))}px`;
    if (focused && document.activeElement !== agent) {
      agent.value = kBlank;
      agent.focus({preventScroll: true});
    }
  } else if (document.activeElement === agent) {
    canvas.focus({preventScroll: true});
  }
}

function takeText(event) {
  if (event.isComposing) return;
  const key = {deleteContentBackward: 'Backspace', insertLineBreak: 'Enter'}[event.inputType];
  if (key) {
    sendKey(key, true, 0);
    sendKey(key, false, 0);
  } else {
    const text = agent.value.replaceAll(kBlank, '');
    if (text) withText(text, (address) => module._plimsoll_text(address));
  }
  agent.value = kBlank;
  draw();
  wake();
}

function listenToKeyboard() {
  for (const element of [canvas, agent]) {
    element.addEventListener('keydown', keyDown);
    element.addEventListener('keyup', keyUp);
    element.addEventListener('focus', () => {
      if (focused) return;
      focused = true;
      module._plimsoll_focus(1, mac ? 1 : 0);
      // Reached by Tab: show where the focus is.
      if (element === canvas && canvas.matches(':focus-visible') && !pressing) {
        const shift = tabbedBack ? 2 : 0;
        sendKey('Tab', true, shift);
        sendKey('Tab', false, 0);
        for (let i = 0; i < 4; ++i) draw();
      }
      wake();
    });
    element.addEventListener('blur', (event) => {
      if (event.relatedTarget === canvas || event.relatedTarget === agent) return;
      focused = false;
      leaving = false;
      pressed.clear();
      module._plimsoll_focus(0, mac ? 1 : 0);
      wake();
    });
  }
  let tabbedBack = false;
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Tab') tabbedBack = event.shiftKey;
  }, true);
  agent.addEventListener('input', takeText);
  agent.addEventListener('compositionend', (event) => takeText({inputType: 'insertText', isComposing: false, data: event.data}));
  document.addEventListener('copy', (event) => copy(event, 'KeyC'));
  document.addEventListener('cut', (event) => copy(event, 'KeyX'));
  document.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text/plain') ?? '';
    const elsewhere = event.target !== agent && event.target.matches?.('input, textarea, select');
    const typing = focused && outcome.wantsText;
    if (elsewhere || text === '') return;
    if (!embed && (!typing || text.length > kLongPaste)) {
      if (isTrace(text)) takeTrace(text);
      else checker.take(text);
      event.preventDefault();
      return;
    }
    if (!typing) return;
    pasteHere(text);
    event.preventDefault();
  });
}

// At the caret of the field in the picture.
function pasteHere(text) {
  put(kPut.clipboard, text);
  shortcut('KeyV');
}

const pasteMenu = createPasteMenu({
  take(text) {
    if (text === '') return;
    if (outcome.wantsText && text.length <= kLongPaste) pasteHere(text);
    else if (!embed) checker.take(text);
  },
  refused: () => complain('The browser did not allow pasting; Ctrl+V (⌘V) does.'),
});

const kLongPaste = 100_000;  // characters that no field takes: a text to be checked

// A list of requests, arrival,prompt,output, may be pasted or dropped anywhere.
const isTrace = (text) => /^\s*(#|arrival|\d[\d.]*\s*[,;]\s*\d+\s*[,;])/i.test(text);

function takeTrace(text) {
  put(kPut.action, JSON.stringify({'view.trace': text}));
  changed();
}

function shortcut(code) {
  const command = mac ? 8 : 1;
  sendKey(code, true, command);
  draw();
  sendKey(code, false, 0);
  draw();
  wake();
}

// Browsers let a page write to the clipboard inside the event only, so the frame runs here.
function copy(event, code) {
  if (!focused || !outcome.wantsText) return;
  put(kPut.clipboard, '');
  shortcut(code);
  const text = get(kGet.clipboard);
  if (!text) return;
  event.clipboardData?.setData('text/plain', text);
  event.preventDefault();
}

// ---- the link --------------------------------------------------------------------------------------------------

let shownFragment = null;  // what the address bar says, as far as we wrote or read it
let depth = 0;    // of our entries in the browser's history, which are what can be undone
let deepest = 0;  // what can be done again
let writeTimer = 0;
let readAs = null;   // the address that was read last, as we write it
let refusedAt = -1;  // the version that stands where a link was refused: its address stays until something changes

function readAddress() {
  const fragment = location.hash.slice(1);
  if (fragment === shownFragment) return;
  shownFragment = fragment;
  clearTimeout(writeTimer);
  if (fragment.length > kMaxFragment) {
    complain(`This link is ${fragment.length.toLocaleString('en')} characters long; at most ${kMaxFragment.toLocaleString('en')} are read.`);
    refusedAt = module._plimsoll_version();
  } else if (fragment !== '' && !put(kPut.fragment, fragment)) {
    refusedAt = module._plimsoll_version();
  }
  readAs = get(kGet.fragment);
  depth = history.state?.depth ?? 0;
  deepest = Math.max(deepest, depth);
  changed();
  wake();  // a refused link is an answer, too
}

// Not more often than browsers bear (Safari: 100 times in 10 s), and only what differs.
function writeAddress() {
  if (pointersDown.size > 0) {
    writeTimer = setTimeout(writeAddress, kSettled);  // a slider that is held has not settled
    return;
  }
  const fragment = get(kGet.fragment);
  if (fragment === shownFragment || module._plimsoll_version() === refusedAt) return;
  // Only somebody's change is an entry of its own; an embed leaves its host's history alone.
  const step = !embed && fragment !== readAs;
  shownFragment = fragment;
  readAs = fragment;
  try {
    if (step) {
      history.pushState({depth: depth + 1}, '', `#${fragment}`);
      deepest = ++depth;
    } else {
      history.replaceState({depth}, '', `#${fragment}`);
    }
  } catch {
    // refused for being too frequent: the next change tries again
    shownFragment = null;
  }
}

// Undo and redo are the browser's back and forward, as far as they stay on this page.
function goThroughChanges(step) {
  clearTimeout(writeTimer);
  writeAddress();  // a change that has not settled is one to undo, too
  if (step < 0 ? depth > 0 : depth < deepest) history.go(step);
}

// Everything in one list: from anywhere on the page but where somebody types.
function askForList(what) {
  // Whoever reads the form below has left the picture behind: the list would open where nobody sees it.
  const above = canvas.getBoundingClientRect().top;
  if (above < 0) window.scrollBy({top: above, behavior: 'instant'});
  focusCanvas();
  put(kPut.action, JSON.stringify({[`view.${what}`]: true}));
  drawUntilSettled();
  wake();
}

function listenToCommands() {
  document.addEventListener('keydown', (event) => {
    if (!drawable || event.altKey) return;
    const typing = event.target.matches?.('input, textarea:not(#agent), select') || outcome.wantsText;
    const list = (event.ctrlKey || event.metaKey) && event.code === 'KeyK' ? 'palette' : event.key === '?' && !typing ? 'keys' : null;
    if (!list) return;
    event.preventDefault();
    event.stopPropagation();
    askForList(list);
  }, true);
  document.getElementById('palette-button').addEventListener('click', () => askForList('palette'));
}

// ---- after a change --------------------------------------------------------------------------------------------

let mirror = null;
let seenVersion = -1;
const chosenUnits = document.getElementById('units');  // not in an embed
chosenUnits?.addEventListener('change', () => {
  put(kPut.action, JSON.stringify({'view.units': chosenUnits.value}));
  changed();
});

function changed() {
  showNotice();
  const version = module._plimsoll_version();
  if (version === seenVersion) return;
  seenVersion = version;
  mirror.update();
  if (chosenUnits) chosenUnits.value = JSON.parse(get(kGet.answer)).units;
  if (waiting) resizeStage(layOut());
  clearTimeout(writeTimer);
  writeTimer = setTimeout(writeAddress, kSettled);
  for (const link of document.querySelectorAll('a[data-carries-configuration]')) {
    link.href = `${link.href.split('#')[0]}#${get(kGet.fragment)}`;
  }
  document.dispatchEvent(new CustomEvent('plimsoll:change'));
  wake();
}

let complaint = '';  // the page's own, beside the core's
let shownNotice = null;

function complain(text) {
  complaint = text;
  showNotice();
}

function showNotice() {
  const refused = module ? get(kGet.notice) : '';
  const text = complaint || refused;
  if (text === shownNotice) return;
  shownNotice = text;
  notice.hidden = text === '';
  notice.querySelector('span').textContent = text;
  if (embed) announceSize();
}

notice.querySelector('button').addEventListener('click', () => {
  complaint = '';
  if (module) put(kPut.dismiss, '');
  showNotice();
});

// ---- taking away what is shown -----------------------------------------------------------------------------------

const exporter = createExporter({
  tables: () => JSON.parse(get(kGet.tables)),
  picture: () => get(root.dataset.theme === 'dark' ? kGet.pictureDark : kGet.pictureLight),
  shown: () => get(kGet.copied),
  link: () => new URL(`#${get(kGet.fragment)}`, location.href).href,
  text: answerText,
  say: complain,
});

// ---- a model by its name ------------------------------------------------------------------------------------------

const hub = createHub({
  worker: () => new CoreWorker(),
  tell(json) {
    put(kPut.hub, json);
    changed();
    if (drawable) draw();
    wake();
  },
});

// ---- texts to be checked -----------------------------------------------------------------------------------------

const checker = createChecker({
  text: (text) => showChecked(() => put(kPut.action, JSON.stringify({'view.check': text}))),
  beginning: (text, note) => showChecked(() => put(kPut.beginning, JSON.stringify({text, note}))),
  answer: (json) => showChecked(() => put(kPut.checked, json)),
  worker: () => new CoreWorker(),
  complain,
});

function showChecked(change) {
  change();
  changed();
  if (drawable) draw();
  else mirror.update();
  wake();
}

// Browsers show what is on the clipboard only to somebody who has just pressed for it.
async function pasteFromClipboard() {
  try {
    const text = await navigator.clipboard.readText();
    if (isTrace(text)) takeTrace(text);
    else if (text) checker.take(text);
  } catch {
    complain('The browser did not allow pasting; Ctrl+V (⌘V) anywhere on the page does, and so does the field.');
  }
}

// What the picture asks the browser to do.
function answerAsk(ask) {
  if (ask === 'undo' || ask === 'redo') return goThroughChanges(ask === 'undo' ? -1 : 1);
  if (ask === 'paste') return pasteFromClipboard();
  if (ask === 'fetch-model') return hub.ask(JSON.parse(get(kGet.hubRequest)));
  if (ask === 'stop-fetching') return hub.stop();
  return exporter.answer(ask);
}

// ---- questions that take longer than a frame -----------------------------------------------------------------------

const errands = createErrands({
  wanted: (id) => module._plimsoll_wanted(id) === 1,
  progress: (id, share) => module._plimsoll_progress(id, share),
  answer: (id, text) => withText(text, (address) => module._plimsoll_answer(id, address)),
  changed(answered) {
    if (answered || !drawable) mirror?.update();
    wake(100);
  },
});

// ---- model files -------------------------------------------------------------------------------------------------

const files = createFileReader({
  worker: () => new CoreWorker(),
  take: (json) => withText(json, (text) => module._plimsoll_take_file(text)),
  forget: () => put(kPut.forget, ''),
  takeText: (file) => checker.takeFile(file),
  isTextFile,
  isTrace,
  takeTrace,
  complain,
  changed() {
    changed();
    if (drawable) draw();
    else mirror.showFile(JSON.parse(get(kGet.file)));
    wake();
  },
});

// ---- on paper, and past the picture --------------------------------------------------------------------------------

// Paper gets what the canvas shows as an image, the answer and its tables, with the form's fold open as long as it takes.
function listenToPrinting() {
  const picture = document.getElementById('print-picture');
  const fold = document.getElementById('mirror');
  let wasOpen = false;
  window.addEventListener('beforeprint', () => {
    wasOpen = fold.open;
    fold.open = true;
    if (!drawable) return;
    draw();  // in this very task: a canvas keeps its picture no longer
    picture.src = canvas.toDataURL();
    picture.hidden = false;
  });
  window.addEventListener('afterprint', () => {
    fold.open = wasOpen;
    picture.hidden = true;
    picture.removeAttribute('src');
  });
  // The address says the configuration: no fragment of it leads anywhere.
  document.getElementById('skip-link').addEventListener('click', (event) => {
    event.preventDefault();
    fold.open = true;
    fold.querySelector('summary').focus();
    fold.scrollIntoView();
  });
}

// The answer in words, for a message or a ticket.
function answerText() {
  const report = JSON.parse(get(kGet.report));
  const {units, headline, detail} = JSON.parse(get(kGet.answer));
  const size = (bytes) => `${(bytes / (units === 'GB' ? 1e9 : 1024 ** 3)).toFixed(2)} ${units}`;
  const terms = report.terms.filter(({depth}) => !depth).map(({name, bytes}) => `  ${name}: ${size(bytes)}`);
  return [headline, detail, 'On the fullest card:', ...terms, new URL(`#${get(kGet.fragment)}`, location.href).href]
    .filter(Boolean).join('\n');
}

// ---- theme, embedding ------------------------------------------------------------------------------------------

const prefersDark = matchMedia('(prefers-color-scheme: dark)');
let chosenTheme = query.get('theme') ?? 'auto';

function applyTheme() {
  const dark = chosenTheme === 'dark' || (chosenTheme !== 'light' && prefersDark.matches);
  root.dataset.theme = dark ? 'dark' : 'light';
  wake();
}

let announcedHeight = 0;

function announceSize() {
  if (!embed || window.parent === window) return;
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  if (height === announcedHeight) return;
  announcedHeight = height;
  window.parent.postMessage({type: 'plimsoll:size', version: 1, id: query.get('id') ?? '', height}, '*');
}

function listenToHost() {
  prefersDark.addEventListener('change', applyTheme);
  // A host may send as many themes as it likes: the last one of every twentieth of a second is applied.
  let wanted = 0;
  window.addEventListener('message', (event) => {
    const message = event.data;
    if (event.source !== window.parent || message?.type !== 'plimsoll:theme') return;
    if (!['light', 'dark', 'auto'].includes(message.theme)) return;
    chosenTheme = message.theme;
    wanted ||= setTimeout(() => {
      wanted = 0;
      applyTheme();
    }, 50);
  });
  document.addEventListener('plimsoll:theme', (event) => {
    chosenTheme = event.detail;
    applyTheme();
  });
  if (embed) new ResizeObserver(announceSize).observe(document.body);
}

// ---- the canvas's context --------------------------------------------------------------------------------------

let releaser = null;  // WEBGL_lose_context, when we gave the context back ourselves

function useMirrorOnly(reason) {
  drawable = false;
  root.classList.add('mirror-only');
  mirror?.showAlone(reason);
  if (embed) announceSize();
}

function listenToContext() {
  let patience = 0;
  canvas.addEventListener('webglcontextlost', (event) => {
    event.preventDefault();
    drawable = false;
    if (releaser) return;
    patience = setTimeout(() => useMirrorOnly('The graphics context was lost. The form and the table go on working.'), 3000);
  });
  canvas.addEventListener('webglcontextrestored', () => {
    clearTimeout(patience);
    drawable = renderer.prepare();
    shown = 0;
    module._plimsoll_canvas_lost();
    root.classList.remove('mirror-only');
    mirror.showBeside();
    measure();
    draw();
    wake();
  });
  // Pages keep about sixteen contexts alive: one far outside the window gives its own back.
  new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    if (inView && releaser) {
      releaser.restoreContext();
      releaser = null;
    }
    wake();
  }, {rootMargin: '100px'}).observe(canvas);
  if (!embed) return;
  new IntersectionObserver((entries) => {
    if (entries.at(-1).isIntersecting || releaser || !drawable) return;
    releaser = canvas.getContext('webgl2')?.getExtension('WEBGL_lose_context') ?? null;
    releaser?.loseContext();
  }, {rootMargin: '1500px'}).observe(canvas);
}

// Without a picture: how high it will be.
function layOut() {
  computeFrame();
  return computeFrame() && outcome.contentHeight;
}

// The picture, from its first frame on. False where there is no WebGL 2.
function beginDrawing() {
  module._plimsoll_canvas_lost();  // frames that were only computed named textures that nobody made
  renderer = createRenderer(canvas);
  drawable = renderer !== null;
  waiting = false;
  if (!drawable) {
    useMirrorOnly('This browser offers no WebGL 2, so the picture is left out. The form and the table do the same.');
    return;
  }
  listenToPointer();
  listenToKeyboard();
  listenToContext();
  measure();
  draw();
  root.classList.add('drawn');
  wake();
}

// An embed that nobody sees yet has no graphics context, of which a page has some sixteen: it is as high as it will be and
// answers, and draws when it comes into sight.
function drawWhenSeen() {
  waiting = true;
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.at(-1).isIntersecting) return;
    watcher.disconnect();
    beginDrawing();
  }, {rootMargin: '300px'});
  watcher.observe(canvas);
}

// An embed's form is folded away: it is built when somebody opens it, or when there is nothing else to show.
function mirrorWhenOpened(core) {
  const details = document.getElementById('mirror');
  let made = null;
  const make = () => {
    made ??= createMirror(core);
    return made;
  };
  details.addEventListener('toggle', () => {
    if (details.open && !made) make().update();
  });
  return {
    update: () => made?.update(),
    showFile: (file) => made?.showFile(file),
    showAlone(reason) {
      make().update();
      made.showAlone(reason);
    },
    showBeside: () => made?.showBeside(),
  };
}

// ---- start -----------------------------------------------------------------------------------------------------

// The addresses of assets as the bundler knows them are relative to this script.
const assetAt = (address) => new URL(address, import.meta.url).href;

async function bytesOf(address) {
  const response = await fetch(assetAt(address));
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function copyIn(bytes) {
  const address = module._malloc(bytes.length);
  module.HEAPU8.set(bytes, address);
  return address;
}

// Compiled while it arrives; where the host does not call it application/wasm, afterwards.
async function instantiate(imports) {
  const address = assetAt(wasmUrl);
  try {
    return await WebAssembly.instantiateStreaming(fetch(address, {credentials: 'same-origin'}), imports);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return WebAssembly.instantiate(await bytesOf(wasmUrl), imports);
  }
}

function loadModule() {
  return new Promise((resolve, reject) => {
    createModule({
      instantiateWasm(imports, done) {
        instantiate(imports).then((made) => done(made.instance, made.module), reject);
        return {};
      },
    }).then(resolve, reject);
  });
}

async function start() {
  applyTheme();
  const [instance, regular, semibold] = await Promise.all([loadModule(), bytesOf(regularUrl), bytesOf(semiboldUrl)]);
  module = instance;
  performance.mark('plimsoll:compiled');
  // The same files serve the HTML: nothing is loaded twice.
  for (const [weight, bytes] of [['400', regular], ['600', semibold]]) document.fonts.add(new FontFace('Inter', bytes, {weight}));
  const started = module._plimsoll_start(copyIn(regular), regular.length, copyIn(semibold), semibold.length, kFontEm);
  if (!started) throw new Error('the catalog could not be read');
  performance.mark('plimsoll:started');
  mirror = (embed ? mirrorWhenOpened : createMirror)({
    options: () => JSON.parse(get(kGet.options)),
    report: () => JSON.parse(get(kGet.report)),
    config: () => JSON.parse(get(kGet.config)),
    answer: () => JSON.parse(get(kGet.answer)),
    ways: () => JSON.parse(get(kGet.ways)),
    check: embed ? null : (text) => checker.take(text),
    hub: embed ? null : () => JSON.parse(get(kGet.hub)),
    act(action) {
      const taken = put(kPut.action, JSON.stringify(action));
      const problem = taken ? null : get(kGet.notice);
      changed();
      if (!drawable) {
        computeFrame();  // nobody draws, so nobody else sees what it asks for
        if (outcome.asked > before.asked) answerAsk(get(kGet.ask));
      }
      return problem;
    },
    openFile: embed ? null : files.ask,
    forgetFile: files.forget,
    // What the page shows, as far as it is computed, with or without a picture of it.
    shown() {
      draw();
      let again = outcome.again || errands.busy;
      if (!drawable) {
        const address = module._plimsoll_frame(performance.now() / 1000, 1000, 4000, 1, 0, 0, 0);
        again = new Float64Array(module.HEAPU8.buffer, address, 3)[2] || errands.busy;
        errands.run(JSON.parse(get(kGet.questions)));
      }
      return {nodes: JSON.parse(get(kGet.semantics)), tables: JSON.parse(get(kGet.tables)), again};
    },
    // What the mouse would do to it in the picture.
    press(role, label) {
      put(kPut.action, JSON.stringify({'view.press': `${role}:${label}`}));
      if (drawable) draw();
      else module._plimsoll_frame(performance.now() / 1000, 1000, 4000, 1, 0, 0, 0);
      changed();
      wake();
    },
  });
  if (!embed) {
    files.listen();
    put(kPut.hub, JSON.stringify({host: hub.host}));
    listenToPrinting();
    listenToCommands();
  }
  listenToHost();
  readAddress();
  window.addEventListener('hashchange', readAddress);
  window.addEventListener('popstate', readAddress);
  changed();
  watchSize();
  if (embed) {
    drawWhenSeen();
    measure();
  } else {
    beginDrawing();
  }
  performance.mark('plimsoll:ready');
  root.dataset.ready = 'true';
  becomeReady(globalThis.plimsoll);
}

start().catch((error) => {
  root.classList.add('mirror-only', 'failed');
  document.getElementById('loading')?.remove();
  complain(`The estimator could not start: ${error.message}`);
  failToStart(error);
});
