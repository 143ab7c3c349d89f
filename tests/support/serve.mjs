// A small static server for development and tests: the right types, nothing cached, readable from any origin, and the site
// mounted under a sub-path if asked, as a project page is. With `hosted` it compresses and lets browsers keep what they
// got, as the hosts of static pages do; without `cors` other origins may not read it.
//
//   node tests/support/serve.mjs FOLDER [PORT] [/sub/path/]
import {createReadStream, readFileSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {extname, join, normalize, sep} from 'node:path';
import {pathToFileURL} from 'node:url';
import {gzipSync} from 'node:zlib';

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.xml': 'application/xml',
};

// Starts serving and resolves to {url, port, close()}. Port 0 takes a free one.
export function serve(folder, {port = 0, mount = '/', host = 'localhost', hosted = false, cors = true} = {}) {
  const root = normalize(folder);
  // A name that the file system refuses (300 characters) is a name that is not there.
  const stat = (path) => {
    try {
      return statSync(path, {throwIfNoEntry: false});
    } catch {
      return undefined;
    }
  };

  const compressed = new Map();  // file -> its bytes, gzipped
  function gzipped(file) {
    if (!compressed.has(file)) compressed.set(file, gzipSync(readFileSync(file), {level: 9}));
    return compressed.get(file);
  }

  function find(url) {
    let path;
    try {
      path = decodeURIComponent(new URL(url, 'http://host').pathname);
    } catch {
      return {};
    }
    if (!path.startsWith(mount) || path.includes('\0')) return {};
    let file = normalize(join(root, path.slice(mount.length)));
    if (file !== root && !file.startsWith(root.endsWith(sep) ? root : root + sep)) return {};
    if (stat(file)?.isDirectory()) {
      if (!path.endsWith('/')) return {redirect: `${path}/`};
      file = join(file, 'index.html');
    }
    return stat(file)?.isFile() ? {file} : {};
  }

  const server = createServer((request, response) => {
    const common = {...(cors ? {'Access-Control-Allow-Origin': '*'} : {}), 'Cache-Control': hosted ? 'max-age=600' : 'no-store'};
    const {file, redirect} = find(request.url);
    if (redirect) {
      response.writeHead(301, {...common, Location: redirect}).end();
      return;
    }
    const notFound = join(root, '404.html');
    const shown = file ?? (stat(notFound) ? notFound : undefined);
    const type = shown ? types[extname(shown)] ?? 'application/octet-stream' : 'text/plain';
    if (hosted && shown) {
      response.writeHead(file ? 200 : 404, {...common, 'Content-Type': type, 'Content-Encoding': 'gzip'});
      response.end(request.method === 'HEAD' ? undefined : gzipped(shown));
      return;
    }
    response.writeHead(file ? 200 : 404, {...common, 'Content-Type': type});
    if (request.method === 'HEAD' || !shown) response.end();
    else createReadStream(shown).on('error', () => response.destroy()).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, host, () => {
      const actual = server.address().port;
      resolve({
        port: actual,
        url: `http://${host}:${actual}${mount}`,
        close: () => new Promise((done) => {
          server.close(done);
          server.closeAllConnections?.();
        }),
      });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder, port = '8080', mount = '/'] = process.argv.slice(2);
  try {
    console.log(`Serving ${folder} at ${(await serve(folder, {port: Number(port), mount})).url}`);
  } catch (error) {
    const reason = error.code === 'EADDRINUSE' ? 'it is in use; set PORT to another' : error.message;
    console.error(`cannot listen on port ${port}: ${reason}`);
    process.exit(1);
  }
}
