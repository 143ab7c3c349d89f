// Writes README's tables of speed errors anew, from tests/data/speed/errors.json and from the command's own comparison
// with other predictors:  node tests/calibration/readme_tables.mjs build/release/plimsoll
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';

const root = new URL('../../', import.meta.url);
const data = name => new URL(`tests/data/speed/${name}`, root);

const ROWS = [
  ['decode, one stream', 'all decode'], ['– llama.cpp', 'decode llama.cpp'], ['– other engines', 'decode others'],
  ['time per output token', 'all tpot'], ['– vLLM', 'tpot vllm'], ['– other engines', 'tpot others'],
  ['prefill', 'all prefill'], ['– llama.cpp', 'prefill llama.cpp'], ['– other engines', 'prefill others'],
  ['total output', 'all total'],
  ['time to first token', 'all ttft'], ['– vLLM', 'ttft vllm'], ['– other engines', 'ttft others'],
  ['whole request', 'all e2e'],
];

function errorsTable() {
  const errors = JSON.parse(readFileSync(data('errors.json'), 'utf8')).errors;
  const pair = ({median, mean}) => `${(100 * median).toFixed(1)} / ${(100 * mean).toFixed(1)}`;
  const lines = ['| | rows | fitted | each run left out | each card left out |', '|---|---:|---:|---:|---:|'];
  for (const [name, of] of ROWS) {
    const row = errors.find(entry => entry.of === of);
    lines.push(`| ${name} | ${row.rows} | ${pair(row.fitted)} | ${pair(row.run_left_out)} | ${pair(row.card_left_out)} |`);
  }
  return lines.join('\n') + '\n';
}

function rivalsTable(command) {
  return execFileSync(command, ['validate', data('measured.json').pathname, '--rivals', data('rivals.json').pathname],
                      {encoding: 'utf8'});
}

// Replaces what stands between `<!-- name -->` and `<!-- /name -->`.
export function fill(text, name, table) {
  const [from, to] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const start = text.indexOf(from) + from.length, end = text.indexOf(to);
  if (start < from.length || end < start) throw new Error(`README.md has no place for ${name}`);
  return text.slice(0, start) + table + text.slice(end);
}

const readme = new URL('README.md', root);
let text = fill(readFileSync(readme, 'utf8'), 'speed errors', errorsTable());
text = fill(text, 'speed rivals', rivalsTable(process.argv[2] ?? 'build/release/plimsoll'));
writeFileSync(readme, text);
