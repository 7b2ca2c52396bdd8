// Runs tests/core with pytest inside the interpreter that the browser uses. No network: pytest comes from .venv.
// What the browser's part of the standard library lacks, the application cannot import here either (guard.py).
// Further arguments go to pytest: `npm run test:pyodide -- -k calendar`.
import fs from 'node:fs';
import path from 'node:path';
import { loadPyodide } from 'pyodide';
import { LOCK, sitePackages } from '../../web/bundling/python.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');
const PURE_PYTHON = ['pytest', '_pytest', 'pluggy', 'iniconfig', 'packaging', 'pygments', 'jinja2', 'govuk_frontend_jinja', 'stdnum', 'segno', 'tzdata', 'py.py'];

// An uncaught error would print the line where it was thrown: a megabyte of minified engine.
process.on('uncaughtException', error => { console.error(error.message); process.exit(2); });
// Generators with native code, the server's engine and keys, build tools: no browser has them, so no core module may need them.
const NOT_IN_A_BROWSER = /^(?:import|from) (hypothesis|cryptography|automerge|server|messages|tools|babel)\b/m;
const left = fs.readdirSync(path.join(ROOT, 'tests/core')).filter(name => name.endsWith('.py'))
  .filter(name => NOT_IN_A_BROWSER.test(fs.readFileSync(path.join(ROOT, 'tests/core', name), 'utf8')));
if (left.length) console.log(`CPython only (they need packages that no browser has): ${left.join(', ')}`);

const python = await loadPyodide({ lockFileContents: LOCK, packageBaseUrl: path.join(ROOT, 'node_modules/pyodide/') });
for (const [at, folder] of [['/repo', ROOT], ['/site', sitePackages(ROOT)]]) {
  python.FS.mkdirTree(at);
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, at);
}
python.globals.set('given', python.toPy([...left.map(name => `--ignore=tests/core/${name}`), ...process.argv.slice(2)]));
const assets = path.join(ROOT, 'web/dist/assets');
python.globals.set('library', fs.readdirSync(assets).find(name => /^library-.*\.zip$/.test(name)));
python.globals.set('pure', python.toPy(PURE_PYTHON));
const code = python.runPython(`
import os, sys, shutil
sys.dont_write_bytecode = True
# Only pure Python may be seen: a compiled module of the host would hide that the browser lacks it.
os.makedirs('/pure')
for name in pure:
    if os.path.exists(f'/site/{name}'):
        os.symlink(f'/site/{name}', f'/pure/{name}')
shutil.copytree('/site/markupsafe', '/pure/markupsafe', ignore=lambda _, names: [n for n in names if n.startswith('_speedups')])
sys.path[:0] = ['/repo', '/repo/web', '/pure']
os.chdir('/repo')
sys.path.append('/repo/tests/pyodide')
import pytest, guard
guard.stand_in('/repo/web/bundling/standins')
guard.watch(f'/repo/web/dist/assets/{library}')
int(pytest.main(['tests/core', '-q', '-p', 'no:cacheprovider', '-o', 'addopts=', '-o', 'faulthandler_timeout=0', *given]))
`);
process.exit(code);
