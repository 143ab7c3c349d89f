// How many of the architectures that vLLM and llama.cpp load this program knows.
//   node tests/yardstick/yardstick.mjs [build/release/plimsoll]     with --missing the names that it does not
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const registries = JSON.parse(readFileSync(new URL('registries.json', import.meta.url), 'utf8'));
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const missing = process.argv.includes('--missing');
const plimsoll = words[0] ?? 'build/release/plimsoll';

function unknown(names) {
  const text = execFileSync(plimsoll, ['list', 'architectures', ...names], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line.startsWith('unknown ')).map((line) => line.slice(8));
}

const lists = [
  ['vLLM, text', registries.vllm.text],
  ['vLLM, multimodal', registries.vllm.multimodal],
  ['vLLM, pooling', registries.vllm.pooling],
  ['llama.cpp', registries['llama.cpp'].architectures.map((name) => `gguf:${name}`)],
];
for (const [name, names] of lists) {
  const left = unknown(names);
  console.log(`${name}: ${names.length - left.length} of ${names.length}`);
  if (missing) for (const one of left) console.log(`  ${one}`);
}
console.log(`vLLM as of ${registries.vllm.date}, llama.cpp as of ${registries['llama.cpp'].date}`);
