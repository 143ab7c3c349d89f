// The core in a thread of its own: answers questions that take longer than a frame, and reads model files. web/work.mjs starts
// it and says what it hears and answers; where there are no threads, it imports createDesk() and works on the page's own.
import createModule from './plimsoll_worker.mjs';
import wasmUrl from './plimsoll_worker.wasm';

const kFirstRead = 1 << 20;
const kSlice = 4 << 20;
const kMostBytes = 160 << 20;  // of all headers together; the core allows 128 MiB for one
const kMostRounds = 12;        // a header grows at least by half each time
const kReport = 100;           // ms between two words on how far an answer is

// The address as the bundler knows it is relative to this script.
async function load() {
  const response = await fetch(new URL(wasmUrl, import.meta.url), {credentials: 'same-origin'});
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  const compiled = await WebAssembly.compile(await response.arrayBuffer());
  return createModule({
    instantiateWasm(imports, done) {
      WebAssembly.instantiate(compiled, imports).then((instance) => done(instance, compiled));
      return {};
    },
  });
}

// Lets messages that have come meanwhile be heard.
const pause = () => new Promise((resolve) => {
  const {port1, port2} = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(null);
});

const bytesOf = async (file, begin, end) => new Uint8Array(await file.slice(begin, end).arrayBuffer());

// Strings and bytes in and out of the module.
function speakWith(core) {
  function withBytes(bytes, use) {
    const address = core._malloc(bytes.length);
    core.HEAPU8.set(bytes, address);
    try {
      return use(address);
    } finally {
      core._free(address);
    }
  }
  return {withBytes, withText: (text, use) => withBytes(new TextEncoder().encode(`${text}\0`), use), read: (address) => core.UTF8ToString(address)};
}

// The header of a GGUF in slices: a list of a hundred megabytes of tokens is passed over as it comes.
async function readGguf(core, file, first) {
  const {withBytes, withText} = speakWith(core);
  withText(file.name, (name) => core._plimsoll_worker_gguf(name, file.size));
  const feed = (bytes) => withText(file.name, (name) => withBytes(bytes, (address) => core._plimsoll_worker_slice(name, address, bytes.length)));
  for (let next = feed(first); next >= 0;) {
    const bytes = await bytesOf(file, next, next + kSlice);
    if (bytes.length === 0) throw new Error(`the header of ${file.name} does not end`);
    next = feed(bytes);
  }
}

async function hand(core, file, length) {
  const {withBytes, withText} = speakWith(core);
  const bytes = await bytesOf(file, 0, length);
  if (bytes[0] === 0x47 && bytes[1] === 0x47 && bytes[2] === 0x55 && bytes[3] === 0x46) await readGguf(core, file, bytes);
  else withText(file.name, (name) => withBytes(bytes, (address) => core._plimsoll_worker_file(name, address, bytes.length, file.size)));
}

// Files that are one model.
async function readModel(core, files) {
  let held = 0;
  for (const file of files) {
    held += Math.min(file.size, kFirstRead);
    if (held > kMostBytes) throw new Error('more files than are read at once');
    await hand(core, file, kFirstRead);
  }
  for (let round = 0;; ++round) {
    const digest = core.UTF8ToString(core._plimsoll_worker_digest());
    const {error, needed, name} = digest.startsWith('{"file"') ? {} : JSON.parse(digest);
    if (error) return {error};
    if (!needed) return {file: digest.slice('{"file":'.length, -1)};
    const file = files.find((each) => each.name === name);
    held += needed;
    if (round > kMostRounds + files.length || held > 2 * kMostBytes || needed > file.size) throw new Error(`the header of ${name} does not end`);
    await hand(core, file, needed);
  }
}

// A text too long to travel as JSON: what `check` says of it.
async function checkText(core, text) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : await bytesOf(text, 0, text.size);
  const {withBytes, read} = speakWith(core);
  return read(withBytes(bytes, (address) => core._plimsoll_worker_check(address, bytes.length)));
}

// A model of a hub (hub.mjs): what comes next, after the beginning or a reply of the hub's.
function visitHub(core, visit, reply) {
  const {withBytes, withText, read} = speakWith(core);
  if (visit) withText(visit.name, (name) => withText(visit.revision, (revision) => core._plimsoll_hub_visit(name, revision)));
  else withText(reply.trouble, (trouble) => withBytes(reply.bytes, (address) => core._plimsoll_hub_take(reply.status, address, reply.bytes.length, trouble)));
  return read(core._plimsoll_hub_next());
}

// Hears messages and answers them by post().
export function createDesk(post) {
  const loaded = load();
  loaded.catch(() => {});  // whoever needs it sees the failure
  const open = new Map();  // id -> kind, of the errands that are under way
  let running = false;

  // All that are open in turn, a slice each.
  async function run(core) {
    if (running) return;
    running = true;
    let said = performance.now();
    while (open.size > 0) {
      for (const id of [...open.keys()]) {
        if (!open.has(id)) continue;
        const share = core._plimsoll_worker_advance(id);
        if (share > 1) {
          open.delete(id);
          post({id, answer: core.UTF8ToString(core._plimsoll_worker_answer())});
        } else if (performance.now() - said > kReport) {
          said = performance.now();
          post({id, share});
        }
        await pause();
      }
    }
    running = false;
  }

  function drop(core, id) {
    open.delete(id);
    core._plimsoll_worker_drop(id);
  }

  function begin(core, {id, kind, question}) {
    for (const [other, its] of open) {
      if (its === kind) drop(core, other);
    }
    const {withText} = speakWith(core);
    const begun = withText(kind, (name) => withText(question, (text) => core._plimsoll_worker_begin(id, name, text)));
    if (begun) open.set(id, kind);
    else post({id, answer: core.UTF8ToString(core._plimsoll_worker_answer())});
    run(core);
  }

  return {
    async handle({errand, drop: dropped, files, text, visit, reply}) {
      try {
        const core = await loaded;
        if (errand) begin(core, errand);
        if (dropped !== undefined) drop(core, dropped);
        if (files) post(await readModel(core, files));
        if (text) post({checked: await checkText(core, text)});
        if (visit || reply) post({next: visitHub(core, visit, reply)});
      } catch (error) {
        if (errand) post({id: errand.id, answer: JSON.stringify({error: error.message})});
        else post({failure: error.message});
      }
    },
  };
}

if (typeof WorkerGlobalScope !== 'undefined' && globalThis instanceof WorkerGlobalScope) {
  const desk = createDesk((message) => globalThis.postMessage(message));
  globalThis.addEventListener('message', ({data}) => desk.handle(data));
}
