// Takes a WebAssembly module apart into the streams that web/wasm_streams.mjs puts together again; there is said why.
import {
  countOf, isBlock, isLocal, isMemory, kCode, kData, kHeader, Reader, streamNames, Writer,
} from '../web/wasm_streams.mjs';

const isBare = (op) => [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1].includes(op) || (op >= 0x45 && op <= 0xc4);

// The place of a local in the list of those used, which it then heads.
function place(order, local) {
  while (!order.includes(local)) order.push(order.length);
  const found = order.indexOf(local);
  order.splice(found, 1);
  order.unshift(local);
  return found;
}

// Throws for a module that uses what is not known here.
export function split(module) {
  const out = Object.fromEntries(streamNames.map((name) => [name, new Writer()]));
  const symbols = new Map();
  const ops = [];
  const sections = new Reader(module, kHeader);
  out.shell.put(module.subarray(0, kHeader));
  while (sections.at < module.length) {
    const id = sections.byte();
    const body = sections.take(sections.number());
    out.shell.byte(id);
    out.shell.number(body.length);
    if (id === kCode) splitCode(new Reader(body), out, symbols, ops);
    else out[id === kData ? 'data' : 'shell'].put(body);
  }
  // Neighbours in the alphabet are alike, which LZMA's contexts profit from.
  const alphabet = [...symbols.keys()].sort((a, b) => a - b);
  if (alphabet.length > 256) throw new Error(`${alphabet.length} kinds of instructions`);
  out.symbols.byte(alphabet.length - 1);
  for (const symbol of alphabet) out.symbols.put([symbol >> 8, symbol & 255]);
  const rank = new Map(alphabet.map((symbol, i) => [symbol, i]));
  for (const symbol of ops) out.symbols.byte(rank.get(symbol));
  return streamNames.map((name) => out[name].done());
}

function splitCode(code, out, symbols, ops) {
  const functions = code.number();
  out.rest.number(functions);
  for (let i = 0; i < functions; ++i) {
    const end = code.number() + code.at;
    const groups = code.number();
    out.rest.number(groups);
    for (let g = 0; g < groups; ++g) {
      out.rest.put(code.written());
      out.rest.byte(code.byte());
    }
    const order = [];
    while (code.at < end) {
      const op = code.byte();
      const sub = isBlock(op) || isMemory(op) || op === 0xfc ? code.byte() : 0;
      const symbol = (op << 8) | sub;
      symbols.set(symbol, true);
      ops.push(symbol);
      if (isLocal(op)) {
        out.locals.number(place(order, code.number()));
      } else if (isMemory(op)) {
        out.offsets.put(code.written());
      } else if (op === 0x10) {
        const callee = code.number();
        if (callee > 0xffff) throw new Error('too many functions');
        out.calls.put([callee & 255, callee >> 8]);
      } else if (op === 0x41) {
        out.constants.put(code.written());
      } else if (op === 0x43 || op === 0x44) {
        out.floats.put(code.take(op === 0x43 ? 4 : 8));
      } else if (op === 0x0e) {
        const targets = code.number();
        out.rest.number(targets);
        for (let t = 0; t <= targets; ++t) out.rest.put(code.written());
      } else if (!isBlock(op) && !isBare(op) && countOf(op, sub) === 0 && !(op === 0xfc && sub < 8)) {
        throw new Error(`instruction 0x${op.toString(16)}`);
      }
      for (let n = countOf(op, sub); n > 0; --n) out.rest.put(code.written());
    }
  }
}
