// The core in a thread of its own: reads model files without holding up the page. web/work.mjs starts it; its first message
// brings the compiled module, which is compiled once for the page and all its workers.
//
// A message {files} is answered by {file: text}, a file as JSON, or {error: one line}; the page ends the worker afterwards, and
// with it goes the memory that a large header took.
import createModule from './plimsoll.mjs';

const kFirstRead = 1 << 20;
const kSlice = 4 << 20;
const kMostBytes = 160 << 20;  // of all headers together; the core allows 128 MiB for one
const kMostRounds = 12;        // a header grows at least by half each time

let core = null;

function withBytes(bytes, use) {
  const address = core._malloc(bytes.length);
  core.HEAPU8.set(bytes, address);
  try {
    return use(address);
  } finally {
    core._free(address);
  }
}

const withText = (text, use) => withBytes(new TextEncoder().encode(`${text}\0`), use);
const bytesOf = async (file, begin, end) => new Uint8Array(await file.slice(begin, end).arrayBuffer());

// The header of a GGUF in slices: a list of a hundred megabytes of tokens is passed over as it comes.
async function readGguf(file, first) {
  withText(file.name, (name) => core._plimsoll_worker_gguf(name, file.size));
  const feed = (bytes) => withText(file.name, (name) => withBytes(bytes, (address) => core._plimsoll_worker_slice(name, address, bytes.length)));
  for (let next = feed(first); next >= 0;) {
    const bytes = await bytesOf(file, next, next + kSlice);
    if (bytes.length === 0) throw new Error(`the header of ${file.name} does not end`);
    next = feed(bytes);
  }
}

async function hand(file, length) {
  const bytes = await bytesOf(file, 0, length);
  if (bytes[0] === 0x47 && bytes[1] === 0x47 && bytes[2] === 0x55 && bytes[3] === 0x46) await readGguf(file, bytes);
  else withText(file.name, (name) => withBytes(bytes, (address) => core._plimsoll_worker_file(name, address, bytes.length, file.size)));
}

// Files that are one model.
async function readModel(files) {
  let held = 0;
  for (const file of files) {
    held += Math.min(file.size, kFirstRead);
    if (held > kMostBytes) throw new Error('more files than are read at once');
    await hand(file, kFirstRead);
  }
  for (let round = 0;; ++round) {
    const digest = core.UTF8ToString(core._plimsoll_worker_digest());
    const {error, needed, name} = digest.startsWith('{"file"') ? {} : JSON.parse(digest);
    if (error) return {error};
    if (!needed) return {file: digest.slice('{"file":'.length, -1)};
    const file = files.find((each) => each.name === name);
    held += needed;
    if (round > kMostRounds + files.length || held > 2 * kMostBytes || needed > file.size) throw new Error(`the header of ${name} does not end`);
    await hand(file, needed);
  }
}

globalThis.addEventListener('message', async ({data}) => {
  if (data.module) {
    core = createModule({
      instantiateWasm(imports, done) {
        WebAssembly.instantiate(data.module, imports).then((instance) => done(instance, data.module));
        return {};
      },
    });
    return;
  }
  try {
    core = await core;
    globalThis.postMessage(await readModel(data.files));
  } catch (error) {
    globalThis.postMessage({failure: error.message});
  }
});
