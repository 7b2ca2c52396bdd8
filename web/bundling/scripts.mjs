// Bundles the TypeScript: page.js, worker.js, sw.js.
import fs from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { exchanged } from './engine.mjs';

const NODE_ONLY = ['node:*', 'fs', 'path', 'ws', 'child_process', 'crypto', 'url', 'vm', 'fs/promises'];

/** Pyodide would begin to fetch and compile its parts only when it is called; ours are under way by then (engine.ts). */
const engineOnItsWay = {
  name: 'engine-on-its-way',
  setup(build) {
    build.onLoad({ filter: /pyodide\/pyodide\.mjs$/ }, async ({ path: file }) => {
      let contents = await fs.promises.readFile(file, 'utf8');
      contents = exchanged(contents, 'instantiateWasm:Ie(e.indexURL)', 'instantiateWasm:Ie(e)');
      contents = exchanged(contents, 'let{binary:t,response:n}=_(e+"pyodide.asm.wasm"),i=K();', 'let t,n=e.engineModule,i=K();');
      contents = exchanged(contents, 'WebAssembly.instantiateStreaming(n,s)', 'n.then(async module=>({module,instance:await WebAssembly.instantiate(module,s)}))');
      contents = exchanged(contents, 'function he(e){let t=j(e);', 'function he(t){');
      contents = exchanged(contents, 'return e.stdLibURL!=null?t=e.stdLibURL:t=e.indexURL+"python_stdlib.zip",[', 'return t=e.libraryBytes,[');
      return { contents, loader: 'js' };
    });
  },
};

/** Options that every bundle shares; also used by the tests' runner. */
export function options(root, build, assets) {
  return {
    bundle: true, platform: 'browser', target: 'es2022', minify: true, charset: 'utf8', legalComments: 'none', logLevel: 'warning',
    external: NODE_ONLY, absWorkingDir: root,
    define: {
      __VERSION__: JSON.stringify(JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version),
      __BUILD__: JSON.stringify(build),
      __ASSETS__: JSON.stringify(assets),
    },
    plugins: [engineOnItsWay],
  };
}

/** Pyodide's own program, which the worker imports when it comes to it; `engine` is the part of it that belongs to the engine. */
export async function bundleEngineProgram(root, engine) {
  const entry = path.join(root, 'web/src/worker/engine_program.ts');
  const found = await esbuild.build({ ...options(root, '', {}), entryPoints: [entry], alias: { 'pyodide/pyodide.asm.mjs': engine }, write: false, format: 'esm' });
  return found.outputFiles[0].contents;
}

/** Writes the four other scripts into the folder `out`. */
export async function bundleScripts(root, out, build, assets) {
  const shared = options(root, build, assets);
  const source = name => path.join(root, 'web/src', name, 'main.ts');
  await Promise.all([
    esbuild.build({ ...shared, entryPoints: [source('page')], outfile: path.join(out, 'assets/page.js'), format: 'iife' }),
    esbuild.build({ ...shared, entryPoints: [source('pad')], outfile: path.join(out, 'assets/pad.js'), format: 'esm' }),
    esbuild.build({ ...shared, entryPoints: [source('worker')], outfile: path.join(out, 'worker.js'), format: 'esm' }),
    esbuild.build({ ...shared, entryPoints: [source('service-worker')], outfile: path.join(out, 'sw.js'), format: 'iife' }),
  ]);
}
