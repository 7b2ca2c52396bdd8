// Bundles the TypeScript: page.js, worker.js, sw.js.
import fs from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';

const NODE_ONLY = ['node:*', 'fs', 'path', 'ws', 'child_process', 'crypto', 'url', 'vm', 'fs/promises'];

/** Pyodide looks for its engine beside itself under a fixed name; ours has its hash in the name. */
const hashedEngine = {
  name: 'hashed-engine',
  setup(build) {
    build.onLoad({ filter: /pyodide\/pyodide\.mjs$/ }, async ({ path: file }) => {
      const parts = (await fs.promises.readFile(file, 'utf8')).split('"pyodide.asm.wasm"');
      if (parts.length !== 2) throw new Error('pyodide.mjs names its engine in another way than this build expects');
      return { contents: parts.join('__ENGINE_FILE__'), loader: 'js' };
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
      __ENGINE_FILE__: JSON.stringify(path.basename(assets.engine)),
    },
    plugins: [hashedEngine],
  };
}

/** Writes the three scripts into the folder `out`. */
export async function bundleScripts(root, out, build, assets) {
  const shared = options(root, build, assets);
  const source = name => path.join(root, 'web/src', name, 'main.ts');
  await Promise.all([
    esbuild.build({ ...shared, entryPoints: [source('page')], outfile: path.join(out, 'assets/page.js'), format: 'iife' }),
    esbuild.build({ ...shared, entryPoints: [source('worker')], outfile: path.join(out, 'worker.js'), format: 'esm' }),
    esbuild.build({ ...shared, entryPoints: [source('service-worker')], outfile: path.join(out, 'sw.js'), format: 'iife' }),
  ]);
}
