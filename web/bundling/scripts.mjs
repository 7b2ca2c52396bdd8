// Bundles the TypeScript: page.js, worker.js, sw.js.
import fs from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';

const NODE_ONLY = ['node:*', 'fs', 'path', 'ws', 'child_process', 'crypto', 'url', 'vm', 'fs/promises'];
const ENGINE = path.resolve(import.meta.dirname, '../src/worker/engine.ts');

/** Pyodide would only begin to fetch and compile its engine when it is called; ours is under way by then (engine.ts). */
const engineOnItsWay = {
  name: 'engine-on-its-way',
  setup(build) {
    build.onLoad({ filter: /pyodide\/pyodide\.mjs$/ }, async ({ path: file }) => {
      let contents = await fs.promises.readFile(file, 'utf8');
      for (const [theirs, ours] of [
        ['let{binary:t,response:n}=_(e+"pyodide.asm.wasm"),i=K();', 'let t,n=engineModule(),i=K();'],
        ['WebAssembly.instantiateStreaming(n,s)', 'n.then(async module=>({module,instance:await WebAssembly.instantiate(module,s)}))'],
      ]) {
        const parts = contents.split(theirs);
        if (parts.length !== 2) throw new Error('pyodide.mjs starts its engine in another way than this build expects');
        contents = parts.join(ours);
      }
      return { contents: `import { engineModule } from ${JSON.stringify(ENGINE)};\n${contents}`, loader: 'js' };
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

/** Writes the four scripts into the folder `out`. */
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
