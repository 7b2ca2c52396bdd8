// Runs compile_python.py in node's Pyodide and proves that what came out boots.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadPyodide } from 'pyodide';

const TOOLS = ['compile_python.py', 'stdlib_needed.py'];
const HERE = import.meta.dirname;
const PYODIDE = path.resolve(HERE, '../../node_modules/pyodide');
export const LOCK = { info: { abi_version: '2026_0', arch: 'wasm32', platform: 'emscripten_5_0_3', python: '3.14.2' }, packages: {} };

/** Finds the virtual environment's packages; the pure-Python ones travel to the browser. */
export function sitePackages(root) {
  const lib = path.join(root, '.venv/lib');
  const version = fs.existsSync(lib) && fs.readdirSync(lib).find(name => name.startsWith('python3'));
  if (!version) throw new Error('No .venv with the Python dependencies: run `make build` once.');
  return path.join(lib, version, 'site-packages');
}

/** Makes std.zip and app.zip in the folder `out`. */
export async function compilePython(root, out) {
  // Positions within a line would be a quarter of what travels; tracebacks name lines.
  const env = { HOME: '/home/pyodide', PYTHONNODEBUGRANGES: '1' };
  const python = await loadPyodide({ lockFileContents: LOCK, packageBaseUrl: PYODIDE + '/', env });
  mount(python, '/repo', root);
  mount(python, '/site', sitePackages(root));
  mount(python, '/out', out);
  mount(python, '/engine', PYODIDE);
  python.FS.mkdir('/tool');
  for (const name of TOOLS) python.FS.writeFile(`/tool/${name}`, fs.readFileSync(path.join(HERE, name)));
  const modules = python.runPython(`
import sys; sys.path.insert(0, '/tool'); sys.dont_write_bytecode = True
import compile_python
compile_python.main('/repo', '/site', '/engine/python_stdlib.zip', '/out')
`).toJs();
  await boot(out, modules);
}

/** Boots the new zips the way the worker does and imports every module of the application. */
async function boot(out, modules) {
  const app = fs.readFileSync(path.join(out, 'app.zip'));
  const python = await loadPyodide({
    lockFileContents: LOCK, packageBaseUrl: PYODIDE + '/', stdLibURL: path.join(out, 'std.zip'),
    env: { PYTHONPATH: '/lib/app.zip', HOME: os.tmpdir() },
    fsInit: async FS => FS.writeFile('/lib/app.zip', app),
  });
  for (const name of modules) {
    try { python.runPython(`import ${name}`); } catch (error) {
      throw new Error(`The browser's Python cannot import ${name}: is a module missing in compile_python.py?\n${error.message}`);
    }
  }
  // Files without line numbers must still be named when something fails in them.
  const told = python.runPython(TRACEBACK);
  if (!told.includes('json/decoder.py') || !told.includes('JSONDecodeError')) throw new Error(`The browser's Python cannot tell its errors:\n${told}`);
}

const TRACEBACK = `
import json, traceback
try:
    json.loads("{")
except ValueError as error:
    told = "".join(traceback.format_exception(error))
told`;

function mount(python, at, folder) {
  python.FS.mkdirTree(at);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, at);
}
