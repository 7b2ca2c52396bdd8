// Bundles every tests/web/*.test.ts like the product's own scripts and runs them with node's test runner.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { options } from '../../web/bundling/scripts.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'shouwen-web-tests-'));
try {
  const names = fs.readdirSync(import.meta.dirname).filter(name => name.endsWith('.test.ts')).sort();
  const built = fs.readdirSync(path.join(root, 'web/dist/assets'));
  const asset = begin => `/assets/${built.find(name => name.startsWith(begin) && !name.endsWith('.br'))}`;
  const shared = options(root, 'test-build', {
    engine: asset('pyodide-'), automerge: asset('automerge-'), library: asset('library-'), application: asset('application-'),
    program: path.join(root, 'web/dist', asset('program-')),
  });
  await esbuild.build({
    ...shared, minify: false, sourcemap: 'inline', platform: 'node', format: 'esm', outdir: out, outExtension: { '.js': '.mjs' },
    entryPoints: names.map(name => path.join(import.meta.dirname, name)),
    define: { ...shared.define, __ROOT__: JSON.stringify(root) },
  });
  const only = process.argv[2] ?? '';
  const files = names.filter(name => name.includes(only)).map(name => path.join(out, name.replace(/\.ts$/, '.mjs')));
  const { status } = spawnSync(process.execPath, ['--test', '--enable-source-maps', ...files], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  fs.rmSync(out, { recursive: true, force: true });
}
