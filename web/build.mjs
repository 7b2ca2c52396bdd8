// Builds everything that the browser loads into web/dist. The same inputs give the same bytes; unchanged inputs give
// no work. Run with `npm run build`; the Python messages are compiled before (make build).
import fs from 'node:fs';
import path from 'node:path';
import { slimEngine } from './bundling/engine.mjs';
import { bundleEngineProgram, bundleScripts } from './bundling/scripts.mjs';
import { compilePython } from './bundling/python.mjs';
import { compileStyles } from './bundling/styles.mjs';
import { cached, contentHash, inputsHash } from './bundling/hashes.mjs';
import { compress, listForPrecache } from './bundling/delivery.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'web/dist');
const started = performance.now();

// An uncaught error would print the line where it was thrown: a megabyte of minified engine.
process.on('uncaughtException', error => { console.error(error.message); process.exit(1); });

const inputs = inputsHash(ROOT);
const build = inputs.all.slice(0, 16);
const marker = path.join(DIST, 'build-id.txt');
if (!process.argv.includes('--force') && fs.existsSync(marker) && fs.readFileSync(marker, 'utf8') === build) {
  console.log(`web/dist is up to date (build ${build})`);
  process.exit(0);
}

// Work in a folder of its own and swap at the end: a server that runs meanwhile never sees half a build.
const work = path.join(ROOT, `node_modules/.cache/shouwen/build-${process.pid}`);
fs.rmSync(work, { recursive: true, force: true });
fs.mkdirSync(path.join(work, 'assets'), { recursive: true });
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }));

const zips = await cached(ROOT, `python-${inputs.python}`, folder => compilePython(ROOT, folder));
const engine = await cached(ROOT, `engine-${inputs.engine}`, folder => slimEngine(ROOT, folder));
const place = (source, name) => placeBytes(fs.readFileSync(source), name);
const placeBytes = (bytes, name) => {
  const [stem, extension] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.'))];
  const file = `${stem}-${contentHash(bytes).slice(0, 12)}${extension}`;
  fs.writeFileSync(path.join(work, 'assets', file), bytes);
  return `/assets/${file}`;
};
const modules = path.join(ROOT, 'node_modules');
const assets = {
  engine: place(path.join(engine, 'engine.wasm'), 'pyodide.wasm'),
  automerge: place(path.join(modules, '@automerge/automerge/dist/automerge.wasm'), 'automerge.wasm'),
  library: place(path.join(zips, 'std.zip'), 'library.zip'),
  application: place(path.join(zips, 'app.zip'), 'application.zip'),
  program: placeBytes(await bundleEngineProgram(ROOT, path.join(engine, 'engine.mjs')), 'program.js'),
};

await bundleScripts(ROOT, work, build, assets);
fs.writeFileSync(path.join(work, 'assets/app.css'), await compileStyles(ROOT));
fs.copyFileSync(path.join(ROOT, 'web/shell.html'), path.join(work, 'shell.html'));
await compress(ROOT, work);
fs.writeFileSync(path.join(work, 'precache.json'), JSON.stringify(listForPrecache(work, build), null, 1) + '\n');
fs.writeFileSync(path.join(work, 'build-id.txt'), build);

const old = `${work}-old`;
if (fs.existsSync(DIST)) fs.renameSync(DIST, old);
fs.renameSync(work, DIST);
fs.rmSync(old, { recursive: true, force: true });

const { entries } = listForPrecache(DIST, build);
const megabytes = key => (entries.reduce((sum, entry) => sum + entry[key], 0) / 1e6).toFixed(2);
console.log(`web/dist: build ${build}, ${entries.length} files, ${megabytes('bytes')} MB, ${megabytes('wire')} MB on the wire, `
  + `${((performance.now() - started) / 1000).toFixed(1)} s`);
