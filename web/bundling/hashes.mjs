// Names what a build is made of by hashes, and keeps slow results by them.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { sitePackages } from './python.mjs';

const PYTHON_INPUTS = ['py_core', 'web/host', 'web/bundling/compile_python.py', 'web/bundling/stdlib_needed.py', 'web/bundling/python.mjs', 'requirements.lock'];
const ENGINE_INPUTS = ['web/bundling/engine.mjs', 'node_modules/pyodide/package.json', 'node_modules/binaryen/package.json', 'node_modules/terser/package.json', 'web/src/worker/python.ts'];
const OTHER_INPUTS = ['web/src', 'web/styles', 'web/locale', 'web/shell.html', 'web/bundling', 'web/build.mjs', 'tsconfig.json', 'server/common_words.json'];
const IGNORED = new Set(['__pycache__', '.mypy_cache', '.ruff_cache']);

/** SHA-256 in hex. */
export const contentHash = bytes => crypto.createHash('sha256').update(bytes).digest('hex');

/** Hashes of everything that the build reads: of the Python part alone, of the engine alone, and of all. */
export function inputsHash(root) {
  const python = digest(root, PYTHON_INPUTS, fs.readdirSync(sitePackages(root)).filter(name => name.endsWith('.dist-info')).sort().join()
    + fs.readFileSync(path.join(root, 'node_modules/pyodide/package.json')));
  const engine = digest(root, ENGINE_INPUTS, '');
  const all = digest(root, OTHER_INPUTS, python + fs.readFileSync(path.join(root, 'package-lock.json')));
  return { python, engine, all };
}

/** Gives the folder that `make` filled for this key, from an earlier build if there is one. */
export async function cached(root, key, make) {
  const folder = path.join(root, 'node_modules/.cache/shouwen', key);
  if (!fs.existsSync(folder)) {
    const work = `${folder}.${process.pid}`;
    fs.rmSync(work, { recursive: true, force: true });
    fs.mkdirSync(work, { recursive: true });
    try {
      await make(work);
      fs.renameSync(work, folder);
    } catch (error) {
      fs.rmSync(work, { recursive: true, force: true });
      if (!fs.existsSync(folder)) throw error; // another build was faster
    }
  }
  return folder;
}

function digest(root, names, seed) {
  const hash = crypto.createHash('sha256').update(seed);
  for (const name of names) {
    for (const file of files(path.join(root, name))) {
      hash.update(path.relative(root, file)).update('\0').update(contentHash(fs.readFileSync(file)));
    }
  }
  return hash.digest('hex');
}

function files(at) {
  if (!fs.existsSync(at)) return [];
  if (fs.statSync(at).isFile()) return [at];
  return fs.readdirSync(at).sort().filter(name => !IGNORED.has(name)).flatMap(name => files(path.join(at, name)));
}
