// Puts build/site/ together: a folder that any static host serves under any sub-path.
//
//   node assemble_site.mjs --root . --wasm build/web --fonts build/release/fonts [--generator generate_pages] --out build/site
//
// What goes where (the path inside the site is all that the sources may rely on):
//   site/**              as it lies there, but for templates/, sources and notes
//   generate_pages       writes its pages into a folder of its own: `generate_pages OUT_DIR TEMPLATES_DIR MEASURED_DIR MODELS_DIR`
//   web/{host,header}.mjs, site/assets/*.css
//                        assets/, each bundled by esbuild with what it imports, and minified
//   plimsoll*.wasm, fonts assets/, from the builds; the text pages and the canvas share the fonts
//   404.html             with the style sheet inside
//
// Everything that esbuild writes carries a hash of its content in its name, so a host's cache can never pair old with new.
// HTML, embed.js and images keep their names; HTML says assets/<name>.<kind>, in quotes, and gets the name with the hash.
// A reference to an asset that does not exist is an error.
//
// Writes only what changed and removes what is no longer made.
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {basename, dirname, extname, join, relative, resolve} from 'node:path';
import {parseArgs} from 'node:util';

import {build} from 'esbuild';

const text = {type: 'string'};
const {values: argument} = parseArgs({options: {root: text, wasm: text, fonts: text, generator: text, out: text}});

const copied = new Set(['.html', '.js', '.svg', '.png', '.ico', '.txt', '.xml', '.json', '.webmanifest']);

const files = new Map();  // path inside the site -> content

function* walk(directory) {
  for (const entry of readdirSync(directory, {withFileTypes: true})) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

function addAll(directory, wanted) {
  for (const file of walk(directory)) {
    const path = relative(directory, file).split('\\').join('/');
    if (wanted(path)) files.set(path, readFileSync(file));
  }
}

function addGeneratedPages(generator, site) {
  const pages = mkdtempSync(join(tmpdir(), 'plimsoll-pages-'));
  try {
    execFileSync(generator, [pages, join(site, 'templates'), join(argument.root, 'tests', 'data'), join(argument.root, 'models')], {stdio: ['ignore', 'inherit', 'inherit']});
    addAll(pages, () => true);
  } finally {
    rmSync(pages, {recursive: true});
  }
}

// The sources name these as if they lay beside them.
const builtFiles = {
  name: 'built files',
  setup({onResolve}) {
    const from = (filter, folder) => onResolve({filter}, ({path}) => ({path: resolve(folder, basename(path))}));
    from(/\/plimsoll(_worker)?\.(mjs|wasm)$/, argument.wasm);
    from(/\.ttf$/, argument.fonts);
  },
};

// A module that is started as a worker is a file of its own, on which no first visit waits: './worker.mjs?worker' is its name.
function workers(options) {
  return {
    name: 'workers',
    setup({onResolve, onLoad}) {
      onResolve({filter: /\?worker$/}, ({path, resolveDir}) => ({path: resolve(resolveDir, path.replace('?worker', '')), namespace: 'worker'}));
      onLoad({filter: /.*/, namespace: 'worker'}, async ({path}) => {
        const {outputFiles} = await build({...options, entryPoints: [path]});
        for (const {path: made, contents} of outputFiles) files.set(`assets/${basename(made)}`, Buffer.from(contents));
        return {contents: `export default './${basename(outputFiles.find(({path: made}) => made.endsWith('.mjs')).path)}';`};
      });
    },
  };
}

// Adds the assets and returns the name of each with its hash, by the name without.
async function addAssets(site) {
  const styles = [...walk(join(site, 'assets'))].filter((file) => file.endsWith('.css'));
  const options = {
    bundle: true, minify: true, format: 'esm', charset: 'utf8', legalComments: 'none',
    loader: {'.ttf': 'file', '.wasm': 'file'}, plugins: [builtFiles],
    outdir: 'assets', entryNames: '[name].[hash]', assetNames: '[name].[hash]', outExtension: {'.js': '.mjs'},
    write: false, metafile: true, logLevel: 'warning',
  };
  const {outputFiles, metafile} = await build({
    ...options, plugins: [builtFiles, workers(options)],
    entryPoints: [...['host.mjs', 'header.mjs'].map((name) => join(argument.root, 'web', name)), ...styles],
  });
  for (const {path, contents} of outputFiles) files.set(`assets/${basename(path)}`, Buffer.from(contents));
  return new Map(Object.entries(metafile.outputs).map(
      ([path, {entryPoint, inputs}]) => [basename(entryPoint ?? Object.keys(inputs)[0]), basename(path)]));
}

// The error page answers for addresses of any depth, from which no relative path leads to the style sheet: it carries it.
function carryStyle(path, style) {
  const digest = createHash('sha256').update(style).digest('base64');
  const html = files.get(path).toString().replace(/<link rel="(stylesheet|icon)"[^>]*>\n/g, '')
    .replace("style-src 'self'", `style-src 'sha256-${digest}'`).replace('</head>', () => `<style>${style}</style>\n</head>`);
  files.set(path, Buffer.from(html));
}

function nameAssets(names) {
  for (const [path, content] of files) {
    if (extname(path) !== '.html') continue;
    files.set(path, Buffer.from(content.toString().replace(/(?<="(?:\.\.?\/)*assets\/)[\w-]+\.(?:css|mjs|wasm|ttf)(?=")/g, (name) => {
      if (!names.has(name)) throw new Error(`${path} refers to assets/${name}, which is not part of the site`);
      return names.get(name);
    })));
  }
}

function writeAll() {
  const made = new Set();
  for (const [path, content] of files) {
    const target = join(argument.out, path);
    made.add(target);
    if (existsSync(target) && readFileSync(target).equals(content)) continue;
    mkdirSync(dirname(target), {recursive: true});
    writeFileSync(target, content);
  }
  for (const file of [...walk(argument.out)]) {
    if (!made.has(file)) rmSync(file);
  }
}

const site = join(argument.root, 'site');
addAll(site, (path) => copied.has(extname(path)) && !path.startsWith('templates/'));
files.set('assets/inter-license.txt', readFileSync(join(argument.fonts, 'inter-license.txt')));
files.set('.nojekyll', Buffer.from(''));
if (argument.generator) addGeneratedPages(argument.generator, site);
const names = await addAssets(site);
if (files.has('404.html')) carryStyle('404.html', files.get(`assets/${names.get('style.css')}`).toString());
nameAssets(names);
writeAll();
console.log(`${files.size} files in ${relative(process.cwd(), argument.out) || argument.out}`);
