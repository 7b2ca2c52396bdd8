// Prints the seconds that `assess` of bench/core.py's cases takes in the interpreter that the browser uses.
import path from 'node:path';
import { loadPyodide } from 'pyodide';
import { LOCK, sitePackages } from '../web/bundling/python.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
process.on('uncaughtException', error => { console.error(error.message); process.exit(1); });

const python = await loadPyodide({ lockFileContents: LOCK, packageBaseUrl: path.join(ROOT, 'node_modules/pyodide/') });
for (const [at, folder] of [['/repo', ROOT], ['/site', sitePackages(ROOT)]]) {
  python.FS.mkdirTree(at);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, at);
}
console.log(python.runPython(`
import sys
sys.dont_write_bytecode = True
sys.path[:0] = ['/repo', '/site']
from bench.core import assess_seconds
assess_seconds()
`));
