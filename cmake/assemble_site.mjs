// Puts build/site/ together: a folder that any static host serves under any sub-path.
//
//   node assemble_site.mjs --root . --wasm build/web --fonts build/release/fonts [--generator generate_pages] --out build/site
//
// What goes where (the path inside the site is all that the sources may rely on):
//   site/**              as it lies there, but for templates/, sources and notes
//   generate_pages       writes its pages into a folder of its own: `generate_pages OUT_DIR TEMPLATES_DIR MEASURED_DIR`
//   web/*.mjs            assets/<name>.mjs
//   plimsoll.mjs         assets/, from the web build
//   plimsoll.wasm, fonts assets/plimsoll.lzma: what the estimator loads, packed into one file (split_module.mjs,
//                        web/lzma.mjs, web/wasm_streams.mjs)
//   404.html             with the style sheet inside
//   fonts                assets/inter-{regular,semibold}.ttf for the text pages, assets/inter-license.txt
//
// Content hashes. Every .css, .mjs, .lzma and .ttf file gets its hash into its name, so a host's cache can never pair old
// with new, and every reference to it follows: any quoted or url(…) path, in any HTML, CSS or script, that leads from that
// file to such an asset (HTML attributes need their quotes). (A script must therefore name assets relative to itself and resolve them with import.meta.url.)
// HTML, embed.js and images keep their names. A reference to a hashed asset that does not exist is an error.
//
// Writes only what changed, removes what is no longer made, prints what a first visit to /app/ downloads, and leaves the
// same numbers in <out>-sizes.json for the test that holds them to the budget.
import {createHash} from 'node:crypto';
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, extname, join, posix, relative} from 'node:path';
import {gzipSync} from 'node:zlib';
import {join as unsplit, streamNames} from '../web/wasm_streams.mjs';
import {split} from './split_module.mjs';

const argument = {};
for (let i = 2; i < process.argv.length; ++i) {
  if (process.argv[i].startsWith('--')) argument[process.argv[i].slice(2)] = process.argv[++i];
}

const copied = new Set(['.html', '.css', '.js', '.mjs', '.svg', '.png', '.ico', '.txt', '.xml', '.json', '.webmanifest']);
const hashed = new Set(['.css', '.mjs', '.lzma', '.ttf']);
const rewritten = new Set(['.html', '.css', '.js', '.mjs']);
const notCopied = new Set(['templates']);

const files = new Map();  // path inside the site -> content

function* walk(directory) {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, {withFileTypes: true}).sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

function add(path, file) {
  files.set(path, readFileSync(file));
}

// Parts as LZMA streams one after the other, as web/lzma.mjs reads them. Each has the contexts that suit it: [literal
// context bits, literal position bits, position bits]. Python's LZMA, which the font needs anyway.
const contexts = {font: [2, 0, 1], shell: [1, 0, 0], symbols: [4, 0, 0], locals: [0, 0, 0], offsets: [1, 0, 0], calls: [0, 1, 1],
                  constants: [2, 0, 0], floats: [0, 2, 2], rest: [1, 0, 0], data: [2, 1, 0]};

function packed(parts) {
  const pack = `import lzma, sys
for lc, lp, pb, path in (line.split(None, 3) for line in sys.stdin.read().splitlines()):
    data = open(path, 'rb').read()
    filters = [{'id': lzma.FILTER_LZMA1, 'preset': 9 | lzma.PRESET_EXTREME, 'nice_len': 273,
                'lc': int(lc), 'lp': int(lp), 'pb': int(pb), 'dict_size': 1 << 22}]
    packed = lzma.compress(data, format=lzma.FORMAT_ALONE, filters=filters)
    sizes = len(data).to_bytes(4, 'little') + (len(packed) - 13).to_bytes(4, 'little')
    sys.stdout.buffer.write(packed[:1] + sizes + packed[13:])`;
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-pack-'));
  try {
    const lines = parts.map(([kind, bytes], i) => {
      const path = join(folder, `${i}`);
      writeFileSync(path, bytes);
      return [...contexts[kind], path].join(' ');
    });
    return execFileSync('python3', ['-c', pack], {input: lines.join('\n'), maxBuffer: 1 << 26});
  } finally {
    rmSync(folder, {recursive: true});
  }
}

// The module's streams, or, if this toolchain's module holds what we do not know, the module as it is.
function streamsOf(wasm) {
  try {
    const streams = split(wasm);
    if (!wasm.equals(unsplit(streams))) throw new Error('it does not come out again as it went in');
    return streamNames.map((name, i) => [name, streams[i]]);
  } catch (error) {
    console.warn(`assemble_site: the module is packed whole and larger than need be: ${error.message}`);
    return [['data', wasm]];
  }
}

// Scripts and styles without what only people read: lines that are all comment, and indentation. A file with a text that
// goes over several lines is left alone.
function slim(path, content) {
  const text = content.toString('utf8');
  if (text.split('\n').some((line) => line.split('`').length % 2 === 0)) return content;
  const bare = extname(path) === '.css' ? text.replace(/\/\*[^]*?\*\//g, '') : text;
  return Buffer.from(bare.split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('//')).join('\n'));
}

function collect() {
  const site = join(argument.root, 'site');
  for (const file of walk(site)) {
    const path = relative(site, file).split('\\').join('/');
    if (!copied.has(extname(path)) || notCopied.has(path.split('/')[0])) continue;
    add(path, file);
    if (extname(path) === '.css') files.set(path, slim(path, files.get(path)));
  }
  const web = join(argument.root, 'web');
  for (const file of walk(web)) {
    if (dirname(file) === web && file.endsWith('.mjs')) files.set(`assets/${relative(web, file)}`, slim(file, readFileSync(file)));
  }
  const [script, wasm] = ['plimsoll.mjs', 'plimsoll.wasm'].map((name) => join(argument.wasm, name));
  const fonts = ['inter-regular.ttf', 'inter-semibold.ttf'].map((name) => join(argument.fonts, name));
  if ([script, wasm, ...fonts].every((file) => existsSync(file))) {
    add('assets/plimsoll.mjs', script);
    files.set('assets/plimsoll.lzma', packed([...fonts.map((file) => ['font', readFileSync(file)]), ...streamsOf(readFileSync(wasm))]));
  } else {
    console.warn('assemble_site: the module or the fonts are not built; the site will lack the estimator');
  }
  for (const file of walk(argument.fonts)) add(`assets/${relative(argument.fonts, file)}`, file);
  if (argument.generator) {
    const pages = mkdtempSync(join(tmpdir(), 'plimsoll-pages-'));
    try {
      execFileSync(argument.generator, [pages, join(site, 'templates'), join(argument.root, 'tests', 'data')], {stdio: ['ignore', 'inherit', 'inherit']});
      for (const file of walk(pages)) add(relative(pages, file).split('\\').join('/'), file);
    } finally {
      rmSync(pages, {recursive: true});
    }
  }
  files.set('.nojekyll', Buffer.from(''));
}

// A quoted or bracketed path that ends in a hashed kind: the quote, the path, then a quote, bracket, query or fragment.
const reference = /(["'`(])([^"'`()\s]*?[\w-]+\.(?:css|mjs|lzma|ttf))(?=["'`)?#])/g;

const finalName = new Map();  // path -> path with the hash
const uses = new Map();       // path -> the assets it refers to
const missing = [];

// The content of `path` with its references rewritten; hashes what it refers to first.
function rewrite(path, stack) {
  const content = files.get(path);
  const used = new Set();
  uses.set(path, used);
  if (!rewritten.has(extname(path))) return content;
  return Buffer.from(content.toString('utf8').replace(reference, (whole, before, target) => {
    if (/^[a-z]+:|^\/\//i.test(target)) return whole;
    const resolved = posix.normalize(posix.join(posix.dirname(path), target));
    if (!files.has(resolved)) {
      if (target.includes('/')) missing.push(`${path} refers to ${target}, which is not part of the site`);
      return whole;
    }
    if (resolved === path) return whole;
    used.add(resolved);
    return before + target.slice(0, target.length - posix.basename(target).length) + posix.basename(hash(resolved, stack));
  }));
}

function hash(path, stack) {
  if (finalName.has(path)) return finalName.get(path);
  if (stack.includes(path)) throw new Error(`these refer to each other in a ring: ${[...stack, path].join(' -> ')}`);
  const content = rewrite(path, [...stack, path]);
  files.set(path, content);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 10);
  const extension = extname(path);
  finalName.set(path, `${path.slice(0, -extension.length)}.${digest}${extension}`);
  return finalName.get(path);
}

function writeAll() {
  for (const path of files.keys()) {
    if (hashed.has(extname(path))) hash(path, []);
  }
  const made = new Set();
  for (const path of files.keys()) {
    const content = hashed.has(extname(path)) ? files.get(path) : rewrite(path, []);
    files.set(path, content);
    const target = join(argument.out, finalName.get(path) ?? path);
    made.add(target);
    if (existsSync(target) && readFileSync(target).equals(content)) continue;
    mkdirSync(dirname(target), {recursive: true});
    writeFileSync(target, content);
  }
  for (const file of [...walk(argument.out)]) {
    if (!made.has(file)) rmSync(file);
  }
}

// What the page needs before it is usable: itself and everything it refers to, directly or through another asset.
function printFirstLoad(page) {
  if (!files.has(page)) return;
  const sizes = {};
  const needed = new Set();
  const visit = (path) => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const next of uses.get(path)) visit(next);
  };
  visit(page);
  let total = 0;
  console.log(`First load of /${posix.dirname(page)}/, gzipped:`);
  for (const path of needed) {
    const size = gzipSync(files.get(path), {level: 9}).length;
    total += size;
    sizes[path] = size;
    console.log(`${(size / 1000).toFixed(1).padStart(9)} kB  ${path}`);
  }
  console.log(`${(total / 1000).toFixed(1).padStart(9)} kB  in all`);
  writeFileSync(`${argument.out}-sizes.json`, JSON.stringify({page, total, sizes}, null, 1));
}

// The error page answers for addresses of any depth, from which no relative path leads to the style sheet: it carries it.
function carryStyle(path) {
  if (!files.has(path) || !files.has('assets/style.css')) return;
  const style = files.get('assets/style.css').toString('utf8');
  const digest = createHash('sha256').update(style).digest('base64');
  const html = files.get(path).toString('utf8').replace(/<link rel="(stylesheet|icon)"[^>]*>\n/g, '')
    .replace("style-src 'self'", `style-src 'sha256-${digest}'`).replace('</head>', () => `<style>${style}</style>\n</head>`);
  files.set(path, Buffer.from(html));
}

collect();
carryStyle('404.html');
writeAll();
if (missing.length) {
  console.error(missing.map((line) => `assemble_site: ${line}`).join('\n'));
  process.exit(1);
}
console.log(`${files.size} files in ${relative(process.cwd(), argument.out) || argument.out}`);
printFirstLoad('app/index.html');
