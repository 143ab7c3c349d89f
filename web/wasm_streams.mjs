// WebAssembly taken apart by kind. In a module opcodes, local numbers, addresses and constants take turns, which no
// compressor likes; with each kind in a stream of its own LZMA packs the code a twelfth smaller. The build takes it apart
// (cmake/split_module.mjs), join() puts it together, to the byte.
//
// An opcode together with what little belongs to it (a block's type, a load's alignment) is one symbol; the alphabet of the
// symbols travels along. Local numbers become the places in a list of the function's locals, the last used first.

export const streamNames = ['shell', 'symbols', 'locals', 'offsets', 'calls', 'constants', 'floats', 'rest', 'data'];

export const kCode = 10;
export const kData = 11;
export const kHeader = 8;  // magic and version

// Immediates behind opcodes that have several or rare ones: this many LEB128 numbers in `rest`.
const plainNumbers = {0x0c: 1, 0x0d: 1, 0x11: 2, 0x23: 1, 0x24: 1, 0x25: 1, 0x26: 1, 0x3f: 1, 0x40: 1, 0x42: 1, 0xd0: 1, 0xd2: 1};
const prefixedNumbers = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];  // after 0xfc: conversions, bulk memory, tables
export const isMemory = (op) => op >= 0x28 && op <= 0x3e;
export const isBlock = (op) => op >= 0x02 && op <= 0x04;
export const isLocal = (op) => op >= 0x20 && op <= 0x22;
export const countOf = (op, sub) => (op === 0xfc ? prefixedNumbers[sub] : plainNumbers[op] ?? 0);

export class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  byte() {
    return this.bytes[this.at++];
  }
  number() {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      if (this.at > this.bytes.length) throw new Error('the module is cut short');
    }
  }
  take(count) {
    return this.bytes.subarray(this.at, this.at += count);
  }
  // A LEB128 number as it is written.
  written() {
    const from = this.at;
    this.number();
    return this.bytes.subarray(from, this.at);
  }
}

export class Writer {
  constructor(size = 1 << 16) {
    this.bytes = new Uint8Array(size);
    this.at = 0;
  }
  room(count) {
    if (this.at + count <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.at + count));
    larger.set(this.bytes);
    this.bytes = larger;
  }
  byte(value) {
    this.room(1);
    this.bytes[this.at++] = value;
  }
  number(value) {
    while (value > 127) {
      this.byte((value % 128) | 128);
      value = Math.floor(value / 128);
    }
    this.byte(value);
  }
  put(bytes) {
    this.room(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }
  done() {
    return this.bytes.subarray(0, this.at);
  }
}

// The list of a function's locals, the last used first; those never used follow in their own order.
function localAt(order, found) {
  while (order.length <= found) order.push(order.length);
  const local = order[found];
  for (let i = found; i > 0; --i) order[i] = order[i - 1];
  order[0] = local;
  return local;
}

export function join(streams) {
  if (streams.length === 1) return streams[0];  // a module that could not be split
  const from = Object.fromEntries(streamNames.map((name, i) => [name, new Reader(streams[i])]));
  const shell = from.shell;
  const out = new Writer(1 << 20);
  out.put(shell.take(kHeader));
  while (shell.at < shell.bytes.length) {
    const id = shell.byte();
    const size = shell.number();
    out.byte(id);
    out.number(size);
    if (id === kCode) joinCode(from, out, size);
    else out.put((id === kData ? from.data : shell).take(size));
  }
  return out.done();
}

// The page waits for this: a megabyte goes through it, so nothing is allocated in its loop.
function joinCode(from, out, size) {
  const {symbols, rest} = from;
  const alphabet = symbols.take(2 * (symbols.byte() + 1));
  // What follows each symbol: the stream of a number that is copied, or how many numbers of `rest`.
  const source = [];
  for (let i = 0; i < alphabet.length; i += 2) {
    const op = alphabet[i];
    source.push(op === 0x41 ? from.constants : isMemory(op) ? from.offsets : countOf(op, alphabet[i + 1]) > 0 ? rest : null);
  }
  out.room(size + 8);
  const bytes = out.bytes;
  const copyNumber = (reader) => {
    let byte;
    do bytes[out.at++] = byte = reader.bytes[reader.at++]; while (byte > 127);
  };
  const functions = rest.number();
  out.number(functions);
  for (let i = 0; i < functions; ++i) {
    const start = out.at;
    out.at += 5;  // room for the length, which is known last
    const groups = rest.number();
    out.number(groups);
    for (let g = 0; g < groups; ++g) {
      copyNumber(rest);
      out.byte(rest.byte());
    }
    const order = [];
    for (let depth = 1; depth > 0;) {
      const symbol = symbols.bytes[symbols.at++];
      const op = alphabet[2 * symbol];
      bytes[out.at++] = op;
      if (isLocal(op)) {
        out.number(localAt(order, from.locals.number()));
        continue;
      }
      const block = isBlock(op);
      if (block || isMemory(op) || op === 0xfc) bytes[out.at++] = alphabet[2 * symbol + 1];
      const numbers = source[symbol];
      if (numbers !== null) {
        for (let n = numbers === rest ? countOf(op, alphabet[2 * symbol + 1]) : 1; n > 0; --n) copyNumber(numbers);
      } else if (block) {
        ++depth;
      } else if (op === 0x0b) {
        --depth;
      } else if (op === 0x10) {
        out.number(from.calls.byte() + 256 * from.calls.byte());
      } else if (op === 0x43 || op === 0x44) {
        out.put(from.floats.take(op === 0x43 ? 4 : 8));
      } else if (op === 0x0e) {
        const targets = rest.number();
        out.number(targets);
        for (let t = 0; t <= targets; ++t) copyNumber(rest);
      }
      if (out.at + 16 > bytes.length || symbols.at > symbols.bytes.length) throw new Error('the packed module is damaged');
    }
    const [body, end] = [start + 5, out.at];
    out.at = start;
    out.number(end - body);
    bytes.copyWithin(out.at, body, end);
    out.at += end - body;
  }
}
