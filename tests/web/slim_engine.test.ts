// The engine that was made smaller, as this build has it: nothing that its program takes over may be missing in it.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { slimEngine } from '../../web/bundling/engine.mjs';

declare const __ROOT__: string;

test('the program takes over nothing that the smaller engine does not offer, and most is gone', { timeout: 240_000 }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'shouwen-engine-'));
  try {
    await slimEngine(__ROOT__, folder);
    const offered = new Set(WebAssembly.Module.exports(new WebAssembly.Module(fs.readFileSync(path.join(folder, 'engine.wasm')))).map(each => each.name));
    const program = fs.readFileSync(path.join(folder, 'engine.mjs'), 'utf8');
    const taken = [...program.matchAll(/=\s*wasmExports(?:\["|\.)([\w$]+)/g)].map(([, name]) => name!);
    assert.deepEqual(taken.filter(name => !offered.has(name)), []);
    for (const name of ['malloc', 'PyDict_New', '_pyproxy_apply']) assert.ok(taken.includes(name), name);
    const whole = WebAssembly.Module.exports(new WebAssembly.Module(fs.readFileSync(`${__ROOT__}/node_modules/pyodide/pyodide.asm.wasm`)));
    assert.ok(offered.size * 10 < whole.length, `${offered.size} of ${whole.length} are still offered`);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('a Pyodide that is put together in another way stops the build', async () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shouwen-engine-'));
  try {
    fs.mkdirSync(path.join(root, 'node_modules/pyodide'), { recursive: true });
    fs.writeFileSync(path.join(root, 'node_modules/pyodide/pyodide.asm.mjs'), 'var module=new WebAssembly.Module(bytes);updateGOT(origExports);functionsInTableMap=new WeakMap;updateTableMap(0,wasmTable.length);var _a,_b;function assignWasmExports(e){_a=e.a;_b=e.b}');
    fs.writeFileSync(path.join(root, 'node_modules/pyodide/pyodide.asm.wasm'), '');
    await assert.rejects(() => slimEngine(root, root), /in another way than this build expects/);
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
});
