// Do the tests bite? Plants the faults of list.mjs into a copy of the sources, one at a time, and runs the native tests on each:
// a fault that no test notices is a survivor. Run by `cmake --build --preset debug --target plimsoll_mutants`; it takes half an
// hour on two cores, so it is no part of ./test.
//
//   node tests/mutants/mutants.mjs [--work DIR] [--jobs N] [--only PART] [--minutes N] [--check]
//
// --only: faults whose file or text contains PART.  --minutes: no new fault after so many; the share is of those tried.
// --check: only whether each fault can be planted.
//
// The copy is built without optimisation, and only the changed file is compiled again. While one fault is compiled, the tests
// run on those before it: the tests of the same name as the file first, the others only on what those let pass. Tests that
// start the command itself are left out, because it is built anew meanwhile.
import {execFileSync, spawn} from 'node:child_process';
import {copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {faults} from './list.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const option = (name, fallback) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const work = option('work', join(tmpdir(), 'plimsoll_mutants'));
const jobs = Number(option('jobs', '2'));
const only = option('only', '');
const minutes = Number(option('minutes', 'Infinity'));
const tree = join(work, 'tree');
const build = join(tree, 'build');
const kWanted = 90;       // per cent
const kWatchdog = 300e3;  // of one run of the tests, ms: a fault may make a loop endless

// A fault as {file, find, put, line, source}; throws where a text does not stand in its file exactly once.
function planted() {
  const list = [], stale = [];
  for (const [file, changes] of Object.entries(faults)) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const [find, put] of changes) {
      const parts = source.split(find);
      if (parts.length !== 2 || find === put) {
        stale.push(`${file}: ${JSON.stringify(find)} stands there ${parts.length - 1} times, or is not changed`);
      }
      list.push({file, find, put, line: parts[0].split('\n').length, source: parts.join(put)});
    }
  }
  if (stale.length > 0) throw new Error(`the sources have changed, so must the list:\n${stale.join('\n')}`);
  return list.filter(({file, find}) => file.includes(only) || find.includes(only));
}

const suitesIn = (text) => [...new Set([...text.matchAll(/^TEST(?:_[FP])?\((\w+)/gm)].map((match) => `${match[1]}.*`))];

// The suites that start the command.
function suitesOfTheCommand() {
  const folder = join(root, 'tests/cli');
  return readdirSync(folder).filter((name) => name.endsWith('_test.cc'))
                            .flatMap((name) => suitesIn(readFileSync(join(folder, name), 'utf8')));
}

// The suites of the file of the same name.
function mirrored(file) {
  const test = join(root, 'tests', file.replace(/\.(cc|h)$/, '_test.cc'));
  return existsSync(test) ? suitesIn(readFileSync(test, 'utf8')) : [];
}

// {code, output}; the watchdog's end is an end with an error.
function run(command, args, {watchdog = 3600e3, ...options} = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {stdio: ['ignore', 'pipe', 'pipe'], ...options});
    let output = '';
    const keep = (text) => { output = (output + text).slice(-20000); };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const dog = setTimeout(() => child.kill('SIGKILL'), watchdog);
    child.on('close', (code) => { clearTimeout(dog); resolve({code: code ?? -1, output}); });
  });
}

function hasTool(command) {
  try {
    execFileSync(command, ['--version'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
}

const compile = () => run('cmake', ['--build', build, '--target', 'plimsoll_tests', '-j', String(jobs)]);

async function prepare() {
  mkdirSync(tree, {recursive: true});
  for (const name of readdirSync(tree)) if (name !== 'build') rmSync(join(tree, name), {recursive: true});
  for (const name of ['CMakeLists.txt', 'cmake', 'core', 'cli', 'models', 'tests', 'web', 'site', 'package.json',
                      'package-lock.json']) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(tree, name), {recursive: true, preserveTimestamps: true});
  }
  const linker = hasTool('ld.lld') ? ['-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld'] : [];
  // A fault may leave a variable unused.
  const warnings = join(tree, 'cmake/warnings.cmake');
  writeFileSync(warnings, readFileSync(warnings, 'utf8').replace('-Werror', ''));
  const configured = await run('cmake', ['-S', tree, '-B', build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Debug',
                                         '-DCMAKE_CXX_FLAGS_DEBUG=-O0', ...linker]);
  if (configured.code !== 0) throw new Error(configured.output);
  const built = await compile();
  if (built.code !== 0) throw new Error(built.output);
}

const away = suitesOfTheCommand();
const tests = (program, filter) => run(program, ['--gtest_fail_fast', '--gtest_brief=1', `--gtest_filter=${filter}`],
                                       {watchdog: kWatchdog, cwd: tree});

// Whether the tests notice what is wrong with this program.
async function noticed(program, file) {
  const own = mirrored(file);
  if (own.length > 0 && (await tests(program, own.join(':'))).code !== 0) return true;
  return (await tests(program, `-${[...own, ...away].join(':')}`)).code !== 0;
}

// One after the other.
let compiler = Promise.resolve();
function programOf(fault, slot) {
  const turn = compiler.then(async () => {
    const path = join(tree, fault.file);
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, fault.source);
    try {
      const built = await compile();
      if (built.code !== 0) return '';
      const program = join(work, `tests${slot}`);
      copyFileSync(join(build, 'plimsoll_tests'), program);
      return program;
    } finally {
      writeFileSync(path, original);
    }
  });
  compiler = turn.catch(() => {});
  return turn;
}

const list = planted();
console.log(`${list.length} faults in ${new Set(list.map(({file}) => file)).size} files`);
if (process.argv.includes('--check')) process.exit(0);

await prepare();
const whole = await tests(join(build, 'plimsoll_tests'), `-${away.join(':')}`);
if (whole.code !== 0) throw new Error(`the tests fail without any fault:\n${whole.output}`);
console.log('built; the tests pass without a fault');

const started = Date.now();
const counts = {killed: 0, survived: 0, 'does not build': 0};
// Spread over the rooms, so that a run that is cut short says something of all of them.
const order = list.map((fault, index) => ({fault, key: index * 89 % list.length})).sort((a, b) => a.key - b.key || 0)
                  .map(({fault}) => fault);
let next = 0;
await Promise.all(Array.from({length: jobs}, async (_, slot) => {
  while (next < order.length && Date.now() - started < minutes * 60e3) {
    const fault = order[next++];
    const program = await programOf(fault, slot);
    const verdict = program === '' ? 'does not build' : await noticed(program, fault.file) ? 'killed' : 'survived';
    ++counts[verdict];
    if (verdict !== 'killed') {
      console.log(`${verdict}: ${fault.file}:${fault.line}\n  - ${fault.find.trim()}\n  + ${fault.put.trim()}`);
    }
  }
}));
const tried = counts.killed + counts.survived + counts['does not build'];
const share = 100 * counts.killed / tried;
console.log(`${counts.killed} of ${tried} faults noticed, ${share.toFixed(1)} % (wanted: ${kWanted} %); ` +
            `${counts.survived} survived, ${counts['does not build']} do not build; ${list.length - tried} were not tried`);
process.exit(share >= kWanted && counts['does not build'] === 0 ? 0 : 1);
