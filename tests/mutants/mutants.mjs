// Do the tests bite? Plants the faults of list.mjs into copies of the sources, one at a time, and runs the native tests on
// each: a fault that no test notices is a survivor. Run by `cmake --build --preset release --target plimsoll_mutants`; it takes
// a quarter of an hour or two, so it is no part of ./test.
//
//   node tests/mutants/mutants.mjs [--work DIR] [--jobs N] [--only PART] [--check] [--report FILE]
//
// --only: faults whose file or text contains PART.  --check: only whether each fault can be planted.
//
// Each worker has a copy of the sources and a build of its own, without optimisation: only the changed file is compiled again.
// The tests of the same name as the file run first, the others only on what those let pass.
import {execFileSync, spawn} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
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
const kWanted = 90;       // per cent
const kWatchdog = 180e3;  // of one run of the tests, ms: a fault may make a loop endless

// A fault as {file, find, put, source}; throws where its text does not stand in the file exactly once.
function planted() {
  const list = [];
  for (const [file, changes] of Object.entries(faults)) {
    const source = readFileSync(join(root, file), 'utf8');
    for (const [find, put] of changes) {
      const parts = source.split(find);
      if (parts.length !== 2) throw new Error(`${file}: ${JSON.stringify(find)} stands there ${parts.length - 1} times`);
      if (find === put) throw new Error(`${file}: ${JSON.stringify(find)} is no change`);
      list.push({file, find, put, line: parts[0].split('\n').length, source: parts.join(put)});
    }
  }
  return list.filter(({file, find}) => file.includes(only) || find.includes(only));
}

// The test suites that stand in the file of the same name: a filter for GoogleTest.
function mirrored(file) {
  const test = join(root, 'tests', file.replace(/\.(cc|h)$/, '_test.cc'));
  if (!existsSync(test)) return '';
  const suites = [...readFileSync(test, 'utf8').matchAll(/^TEST(?:_[FP])?\((\w+)/gm)].map((match) => match[1]);
  return [...new Set(suites)].map((suite) => `${suite}.*`).join(':');
}

// 0: passed. Anything else, the watchdog's end included, counts as noticed.
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {stdio: ['ignore', 'pipe', 'pipe'], ...options});
    let output = '';
    const keep = (text) => { output = (output + text).slice(-20000); };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const dog = setTimeout(() => child.kill('SIGKILL'), options.watchdog ?? 1200e3);
    child.on('close', (code) => { clearTimeout(dog); resolve({code: code ?? -1, output}); });
  });
}

class Worker {
  constructor(index) {
    this.tree = join(work, `tree${index}`);
    this.build = join(this.tree, 'build');
  }

  async prepare() {
    mkdirSync(this.tree, {recursive: true});
    for (const name of readdirSync(this.tree)) if (name !== 'build') rmSync(join(this.tree, name), {recursive: true});
    for (const name of ['CMakeLists.txt', 'cmake', 'core', 'cli', 'models', 'tests', 'web', 'site', 'package.json',
                        'package-lock.json']) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(this.tree, name), {recursive: true, preserveTimestamps: true});
    }
    const lld = spawnable('ld.lld') ? ['-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld'] : [];
    const configured = await run('cmake', ['-S', this.tree, '-B', this.build, '-G', 'Ninja', '-DCMAKE_BUILD_TYPE=Debug',
                                           '-DCMAKE_CXX_FLAGS_DEBUG=-O0', ...lld]);
    if (configured.code !== 0) throw new Error(configured.output);
    const built = await this.compile();
    if (built.code !== 0) throw new Error(built.output);
  }

  // Warnings are no matter here: a fault may leave a variable unused.
  compile() {
    return run('cmake', ['--build', this.build, '--target', 'plimsoll_tests', '-j', '1'],
               {env: {...process.env, CCACHE_DISABLE: ''}});
  }

  tests(filter) {
    return run(join(this.build, 'plimsoll_tests'), ['--gtest_fail_fast', '--gtest_brief=1', `--gtest_filter=${filter}`],
               {watchdog: kWatchdog, cwd: this.tree});
  }

  // "killed", "survived" or "does not build".
  async judge(fault) {
    const path = join(this.tree, fault.file);
    const original = readFileSync(path, 'utf8');
    writeFileSync(path, fault.source);
    try {
      if ((await this.compile()).code !== 0) return 'does not build';
      const own = mirrored(fault.file);
      if (own !== '' && (await this.tests(own)).code !== 0) return 'killed';
      return (await this.tests(own === '' ? '*' : `-${own}`)).code !== 0 ? 'killed' : 'survived';
    } finally {
      writeFileSync(path, original);
    }
  }
}

function spawnable(command) {
  try {
    execFileSync(command, ['--version'], {stdio: 'ignore'});
    return true;
  } catch {
    return false;
  }
}

const list = planted();
console.log(`${list.length} faults in ${new Set(list.map(({file}) => file)).size} files`);
if (process.argv.includes('--check')) process.exit(0);

const workers = Array.from({length: jobs}, (_, index) => new Worker(index));
await Promise.all(workers.map((worker) => worker.prepare()));
const whole = await workers[0].tests('*');
if (whole.code !== 0) throw new Error(`the tests fail without any fault:\n${whole.output}`);

const counts = {killed: 0, survived: 0, 'does not build': 0};
const report = option('report', join(work, 'report.txt'));
writeFileSync(report, '');
let next = 0;
await Promise.all(workers.map(async (worker) => {
  while (next < list.length) {
    const fault = list[next++];
    const verdict = await worker.judge(fault);
    ++counts[verdict];
    const text = `${verdict}: ${fault.file}:${fault.line}\n  - ${fault.find.trim()}\n  + ${fault.put.trim()}\n`;
    writeFileSync(report, text, {flag: 'a'});
    if (verdict !== 'killed') process.stdout.write(text);
  }
}));
const share = 100 * counts.killed / list.length;
console.log(`${counts.killed} of ${list.length} faults noticed, ${share.toFixed(1)} % (wanted: ${kWanted} %); ` +
            `${counts.survived} survived, ${counts['does not build']} do not build`);
process.exit(share >= kWanted && counts['does not build'] === 0 ? 0 : 1);
