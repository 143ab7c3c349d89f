// The rules of the house that a compiler does not see: who may include whom, and what no source may contain.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {cwd: root, encoding: 'utf8'});
const sources = listed.split('\n')
                    .filter((path) => /\.(cc|h)$/.test(path) && existsSync(join(root, path)))
                    .map((path) => ({path, text: readFileSync(join(root, path), 'utf8')}));
const under = (folder) => sources.filter(({path}) => path.startsWith(`${folder}/`));
const includes = ({text}) => [...text.matchAll(/^\s*#\s*include\s*(["<][^">]+[">])/gm)].map((match) => match[1]);

function violations(files, forbidden) {
  return files.flatMap((file) => includes(file).filter((include) => forbidden(include, file.path))
                                     .map((include) => `${file.path} includes ${include}`));
}

test('core includes itself and the standard library; nlohmann/json only in core/base/json.cc', () => {
  assert.ok(under('core').length > 0);
  assert.deepEqual(violations(under('core'), (include, path) => {
    if (/^["<]nlohmann\//.test(include)) return path !== 'core/base/json.cc';
    if (include.startsWith('"')) return !include.startsWith('"core/');
    return /[/.]/.test(include);  // <vector>, but not <emscripten.h> or <unistd.h>
  }), []);
});

// The rooms of core/ in the order of who may know whom: a later one may include an earlier one, never the reverse.
const rooms = ['base', 'formats', 'arch', 'weights', 'files', 'catalog', 'config', 'resolve', 'speed', 'schedule', 'engines',
               'estimate', 'solve', 'validate', 'check', 'launch'];
const roomOf = (path) => path.split('/')[1];
const coreIncludes = (file) => includes(file).filter((include) => include.startsWith('"core/')).map((include) => include.slice(1, -1));

test('the rooms of core know only those before them', () => {
  assert.deepEqual(under('core').filter(({path}) => !rooms.includes(roomOf(path))).map(({path}) => path), []);
  assert.deepEqual(under('core').flatMap((file) =>
    coreIncludes(file).filter((include) => rooms.indexOf(roomOf(include)) > rooms.indexOf(roomOf(file.path)))
                      .map((include) => `${file.path} includes ${include}`)), []);
});

test('no concept of core needs itself: headers and sources taken together, no includes go in a circle', () => {
  const concept = (path) => path.replace(/\.(h|cc)$/, '');
  const needs = new Map();
  for (const file of under('core')) {
    const of = needs.get(concept(file.path)) ?? new Set();
    for (const include of coreIncludes(file)) if (concept(include) !== concept(file.path)) of.add(concept(include));
    needs.set(concept(file.path), of);
  }
  const done = new Set();
  const circles = [];
  const visit = (name, path) => {
    if (path.includes(name)) circles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
    if (path.includes(name) || done.has(name)) return;
    for (const next of needs.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of needs.keys()) visit(name, []);
  assert.deepEqual(circles, []);
});

// Headers that only declare data: there is nothing to ask them.
const plainHeaders = {
  'core/arch/family.h': 'a name and a function; families_test.cc asks all of them',
  'core/arch/kv_type.h': 'two enumerations; kv_cache_test.cc weighs each of their values',
  'core/config/config.h': 'what may be set, as given; config_codec_test.cc reads and writes each member',
  'core/config/engine_version.h': 'a text, a number and a date; version_text_test.cc and the engines read them',
  'core/formats/gguf_tensor.h': 'a shape and a category; gguf_tensors_test.cc lists them',
  'core/speed/step_style.h': 'what an engine tells the speed model; the tests of <engine>_server.h read it',
};

test('every source of core has its header, and every header its test of the same name', () => {
  const paths = new Set(sources.map(({path}) => path));
  const lone = under('core').filter(({path}) => path.endsWith('.cc') && !paths.has(path.replace(/\.cc$/, '.h')));
  assert.deepEqual(lone.map(({path}) => path), []);
  const testOf = (path) => `tests/${path.replace(/\.h$/, '_test.cc')}`;
  const headers = under('core').map(({path}) => path).filter((path) => path.endsWith('.h'));
  assert.deepEqual(headers.filter((path) => !paths.has(testOf(path)) && !(path in plainHeaders)), []);
  // An exception that is none any more goes.
  assert.deepEqual(Object.keys(plainHeaders).filter((path) => !paths.has(path) || paths.has(testOf(path))), []);
});

test('nothing outside core/engines/ names an engine', () => {
  const scripts = listed.split('\n').filter((path) => /^(cli|web|site)\/.*\.m?js$/.test(path) && existsSync(join(root, path)))
                        .map((path) => ({path, text: readFileSync(join(root, path), 'utf8')}));
  const outside = [...['core', 'cli', 'web', 'site'].flatMap(under), ...scripts]
                      .filter(({path}) => !path.startsWith('core/engines/') && !path.endsWith('_table.cc'));
  // Sources in comments name files of engines, and a model family is called llama, too.
  const engine = /vllm|llama[ ._]?cpp|sglang|ollama|tensorrt|exllama|lmdeploy|mlc-llm/i;
  assert.deepEqual(outside.flatMap(({path, text}) => text.split('\n')
    .map((line, at) => [line.replace(/\/\/.*$/, ''), at + 1]).filter(([line]) => engine.test(line))
    .map(([line, at]) => `${path}:${at}: ${line.trim()}`)), []);
});

test('core touches no clock, file, environment or stream', () => {
  const impure = /^<(chrono|fstream|iostream|filesystem|thread|mutex|random|ctime)>$/;
  assert.deepEqual(violations(under('core'), (include) => impure.test(include)), []);
});

test('the command and the page generator know the core and themselves', () => {
  for (const folder of ['cli', 'site']) {
    assert.deepEqual(violations(under(folder), (include) => include.startsWith('"') &&
        !include.startsWith('"core/') && !include.startsWith(`"${folder}/`)), []);
  }
});

test('only the wasm_*.cc of web/ know that there is a browser', () => {
  const elsewhere = sources.filter(({path}) => !/^web\/(worker\/)?wasm_/.test(path));
  assert.deepEqual(violations(elsewhere, (include) => /emscripten/.test(include)), []);
  assert.deepEqual(elsewhere.filter(({text}) => text.includes('__EMSCRIPTEN__')).map(({path}) => path), []);
});

// Two types of one name and namespace link without a word, and one of them runs with the other's size.
test('no two headers define a type of one name', () => {
  const homes = new Map();
  for (const {path, text} of sources.filter(({path}) => path.endsWith('.h'))) {
    const outer = /namespace plimsoll(::\w+)? \{/.exec(text)?.[1] ?? '';
    for (const [, name] of text.matchAll(/^(?:struct|class|enum class) (\w+)[^;\n]*\{/gm)) {
      homes.set(outer + name, [...homes.get(outer + name) ?? [], path]);
    }
  }
  assert.deepEqual([...homes].filter(([, paths]) => paths.length > 1), []);
});

test('include guards spell the path', () => {
  for (const {path, text} of sources.filter(({path}) => path.endsWith('.h') && !path.endsWith('imconfig.h'))) {
    const guard = `PLIMSOLL_${path.replace(/[/.]/g, '_').toUpperCase()}_`;
    assert.ok(text.includes(`#ifndef ${guard}\n#define ${guard}\n`), `${path} should be guarded by ${guard}`);
  }
});

test('no test is skipped and nothing is left for later', () => {
  const unfinished = /\bGTEST_SKIP\b|\bDISABLED_|\/[/*]\s*(TO(?:)DO|FIXME)\b/;
  assert.deepEqual(sources.filter(({text}) => unfinished.test(text)).map(({path}) => path), []);
});

test('each fault of plimsoll_mutants stands in its source once', async () => {
  const {faults} = await import('./mutants/list.mjs');
  const stale = Object.entries(faults).flatMap(([path, changes]) => {
    const {text} = sources.find((source) => source.path === path) ?? {text: ''};
    return changes.filter(([find]) => text.split(find).length !== 2).map(([find]) => `${path}: ${find}`);
  });
  assert.deepEqual(stale, []);
});
