// Unpacks what the page loads. Static hosts compress with gzip at best; LZMA packs WebAssembly a fifth smaller, and every
// visitor loads it. Format of a stream: the LZMA specification of the 7-Zip LZMA SDK; around it our own: streams one after
// the other, each with a byte of properties, its size, its packed size (32 bits each, little endian), then the range-coded
// bytes.

const kBitModelTotal = 2048;
const kMoveBits = 5;
const kTop = 2 ** 24;

// What a literal, a match, a repeated match and a single repeated byte lead to.
const afterLiteral = (state) => (state < 4 ? 0 : state < 10 ? state - 3 : state - 6);
const afterMatch = (state) => (state < 7 ? 7 : 10);
const afterRepeat = (state) => (state < 7 ? 8 : 11);
const afterShortRepeat = (state) => (state < 7 ? 9 : 11);

const damaged = () => new Error('the packed module is damaged');

// All streams of a file, in order.
export function unpackAll(file) {
  const header = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const streams = [];
  for (let at = 0; at < file.length;) {
    if (at + 9 > file.length) throw damaged();
    const end = at + 9 + header.getUint32(at + 5, true);
    if (end > file.length) throw damaged();
    streams.push(unpack(file[at], header.getUint32(at + 1, true), file.subarray(at + 9, end)));
    at = end;
  }
  return streams;
}

export function unpack(properties, size, packed) {
  const lc = properties % 9;
  const lp = Math.floor(properties / 9) % 5;
  const pb = Math.floor(properties / 45);
  if (properties >= 225 || packed.length < 5) throw damaged();
  const out = new Uint8Array(size);

  // Kept in an array: engines box a captured variable that leaves 31 bits, once for every bit read.
  const first = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const coder = new Uint32Array([0xffffffff, first.getUint32(1)]);  // range, code
  let at = 5;

  function refill() {
    coder[0] <<= 8;
    coder[1] = (coder[1] << 8) | packed[at++];
  }

  function bit(models, index) {
    const model = models[index];
    const bound = Math.imul(coder[0] >>> 11, model) >>> 0;
    let result = 0;
    if (coder[1] < bound) {
      coder[0] = bound;
      models[index] = model + ((kBitModelTotal - model) >> kMoveBits);
    } else {
      coder[0] -= bound;
      coder[1] -= bound;
      models[index] = model - (model >> kMoveBits);
      result = 1;
    }
    if (coder[0] < kTop) refill();
    return result;
  }

  function direct(count) {
    let value = 0;
    while (count-- > 0) {
      coder[0] >>>= 1;
      const one = coder[1] >= coder[0] ? 1 : 0;
      if (one) coder[1] -= coder[0];
      value = value * 2 + one;
      if (coder[0] < kTop) refill();
    }
    return value;
  }

  function tree(models, offset, bits) {
    let node = 1;
    for (let i = 0; i < bits; ++i) node = node * 2 + bit(models, offset + node);
    return node - (1 << bits);
  }

  function reverseTree(models, offset, bits) {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; ++i) {
      const one = bit(models, offset + node);
      node = node * 2 + one;
      value |= one << i;
    }
    return value;
  }

  const models = (count) => new Uint16Array(count).fill(kBitModelTotal / 2);
  const lengthCoder = () => ({choice: models(2), low: models(16 * 8), mid: models(16 * 8), high: models(256)});
  function length(coder, position) {
    if (bit(coder.choice, 0) === 0) return 2 + tree(coder.low, position * 8, 3);
    if (bit(coder.choice, 1) === 0) return 10 + tree(coder.mid, position * 8, 3);
    return 18 + tree(coder.high, 0, 8);
  }

  const literal = models(0x300 << (lc + lp));
  const isMatch = models(12 * 16);
  const isRepeat = models(12);
  const isRepeat0 = models(12);
  const isRepeat1 = models(12);
  const isRepeat2 = models(12);
  const isRepeat0Long = models(12 * 16);
  const slots = models(4 * 64);
  const nearBits = models(128);
  const align = models(16);
  const matchLength = lengthCoder();
  const repeatLength = lengthCoder();

  let state = 0;
  let [rep0, rep1, rep2, rep3] = [0, 0, 0, 0];
  let done = 0;

  function readLiteral() {
    const before = done > 0 ? out[done - 1] : 0;
    const offset = 0x300 * (((done & ((1 << lp) - 1)) << lc) + (before >> (8 - lc)));
    let symbol = 1;
    if (state >= 7) {
      let matched = out[done - rep0 - 1];
      do {
        const expected = (matched >> 7) & 1;
        matched <<= 1;
        const one = bit(literal, offset + ((1 + expected) << 8) + symbol);
        symbol = (symbol << 1) | one;
        if (one !== expected) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(literal, offset + symbol);
    out[done++] = symbol & 0xff;
    state = afterLiteral(state);
  }

  function readDistance(matched) {
    const slot = tree(slots, Math.min(matched - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return base + reverseTree(nearBits, base - slot, bits);
    return base + direct(bits - 4) * 16 + reverseTree(align, 0, 4);
  }

  while (done < size) {
    const position = done & ((1 << pb) - 1);
    if (bit(isMatch, state * 16 + position) === 0) {
      readLiteral();
      continue;
    }
    let matched;
    if (bit(isRepeat, state) === 0) {
      [rep3, rep2, rep1] = [rep2, rep1, rep0];
      matched = length(matchLength, position);
      state = afterMatch(state);
      rep0 = readDistance(matched);
    } else {
      if (bit(isRepeat0, state) === 0) {
        if (bit(isRepeat0Long, state * 16 + position) === 0) {
          state = afterShortRepeat(state);
          out[done] = out[done - rep0 - 1];
          ++done;
          continue;
        }
      } else {
        let distance;
        if (bit(isRepeat1, state) === 0) {
          distance = rep1;
        } else {
          if (bit(isRepeat2, state) === 0) {
            distance = rep2;
          } else {
            distance = rep3;
            rep3 = rep2;
          }
          rep2 = rep1;
        }
        rep1 = rep0;
        rep0 = distance;
      }
      matched = length(repeatLength, position);
      state = afterRepeat(state);
    }
    if (rep0 >= done || at > packed.length + 8) throw damaged();
    const from = done - rep0 - 1;
    const end = Math.min(done + matched, size);
    for (let i = from; done < end; ++i) out[done++] = out[i];
  }
  return out;
}
