// Makes Pyodide's engine smaller. It offers every function of Python's C interface to compiled extensions that could be
// loaded later; this application loads none, and putting thousands of offered functions together is what a start waits
// for. What neither Pyodide's own program nor the engine itself calls is no longer offered, and then what nothing can
// reach any more is left out, of the engine and of its program.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { minify } from 'terser';

const LIST_BEGINS = 'function assignWasmExports(wasmExports){';
const TAKEN_OVER = /^([\w$]+)=Module\["[\w$]+"\]=wasmExports\["([\w$]+)"\](?:\.value>>>0)?$/;
/** Only parts that are loaded later would need it, and the pages' policy forbids it; because of it no name in the program could be shortened. */
const DIRECT_EVAL = /(?<![\w$.])eval\(/g;
const LENT = 'var wasmImports={';
const SHOWN = /Module\["([\w$]+)"\]=\1;/g;
/** What follows a function that has a signature. */
const LIKE = /(?<![\w$.])([\w$]+)\.sig="\w*"([;,])/g;
const WORD = /[A-Za-z_$][\w$]*/g;
/** What this engine is compiled with. */
const FEATURES = ['mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'bulk-memory', 'bulk-memory-opt', 'exception-handling', 'reference-types', 'multivalue'];
const ODD = 2; // memory and table, which are taken over in another form and stay
/** Emscripten asks for these by pieces of names. */
const ALWAYS = /^(__wasm_|stack|_emscripten_stack|emscripten_stack)/;

/** Writes the smaller `engine.wasm` and `engine.mjs` into `folder`. Throws when this Pyodide is put together differently. */
export async function slimEngine(root, folder) {
  const pyodide = path.join(root, 'node_modules/pyodide');
  // The same few signatures again and again: one tiny module for each is compiled instead of hundreds.
  let program = exchanged(fs.readFileSync(path.join(pyodide, 'pyodide.asm.mjs'), 'utf8'),
    'var module=new WebAssembly.Module(bytes);', 'var module=(convertJsFunctionToWasm.known??={})[sig]??=new WebAssembly.Module(bytes);');
  // Only extensions would ask where a function lies that the engine offers: to look all of its table's thousands through
  // for that took a twentieth of a start.
  program = exchanged(program, 'updateGOT(origExports);', '');
  program = exchanged(program, 'functionsInTableMap=new WeakMap;updateTableMap(0,wasmTable.length)', 'functionsInTableMap=new WeakMap');
  const engine = fs.readFileSync(path.join(pyodide, 'pyodide.asm.wasm'));
  const { head, declared, middle, taken, after } = parts(program);
  const used = words([head, middle, after, fs.readFileSync(path.join(pyodide, 'pyodide.mjs'), 'utf8')]);

  const kept = taken.filter(({ variable, offered }) => !offered || used.has(variable) || used.has(offered));
  const gone = new Set(taken.filter(step => !kept.includes(step)).map(({ variable }) => variable));
  const names = declared.filter(name => !gone.has(name));
  const text = `${head}var ${names.join(',')};${middle}${LIST_BEGINS}${kept.map(each => each.text).join(';')}${after}`;

  const module = new WebAssembly.Module(engine);
  // An engine also asks for the places of functions in its own table, by their names.
  const places = new Set(WebAssembly.Module.imports(module).filter(each => each.module.startsWith('GOT.')).map(each => each.name));
  const wanted = new Set(kept.map(({ offered }) => offered));
  const stay = WebAssembly.Module.exports(module).filter(({ name, kind }) => wanted.has(name) || used.has(name)
    || places.has(name) || ALWAYS.test(name) || !['function', 'global'].includes(kind));
  const slim = path.join(folder, 'engine.wasm');
  offering(root, stay.map(({ name }) => name), path.join(pyodide, 'pyodide.asm.wasm'), slim);

  const asked = WebAssembly.Module.imports(new WebAssembly.Module(fs.readFileSync(slim))).map(each => each.name);
  const takers = words(['node_modules/pyodide/pyodide.mjs', 'web/src/worker/python.ts'].map(name => fs.readFileSync(path.join(root, name), 'utf8')));
  fs.writeFileSync(path.join(folder, 'engine.mjs'), await reachable(text.replaceAll(DIRECT_EVAL, '(0,eval)('), new Set(asked), takers));
}

/** Writes an engine that offers only `names`, and has only what can be reached through them. */
function offering(root, names, from, to) {
  const graph = `${to}.graph.json`;
  fs.writeFileSync(graph, JSON.stringify([
    { name: 'outside', root: true, reaches: names.map(name => `from ${name}`) },
    ...names.map(name => ({ name: `from ${name}`, export: name })),
  ]));
  const tool = path.join(root, 'node_modules/binaryen/bin/wasm-metadce');
  const features = FEATURES.map(name => `--enable-${name}`);
  execFileSync(process.execPath, [tool, from, ...features, '--quiet', `--graph-file=${graph}`, '-o', to], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Takes the one place where a text stands in a file of Pyodide; says so when another version writes it differently. */
export function exchanged(contents, theirs, ours) {
  const parts = contents.split(theirs);
  if (parts.length !== 2) throw new Error(`pyodide starts its engine in another way than this build expects: ${theirs}`);
  return parts.join(ours);
}

/** The program in pieces: the names that it declares for what the engine offers, and the steps in which it takes that over. */
function parts(program) {
  const begin = program.indexOf(LIST_BEGINS);
  const end = program.indexOf('}', begin);
  const taken = program.slice(begin + LIST_BEGINS.length, end).split(';').map(text => {
    const [, variable = '', offered = ''] = TAKEN_OVER.exec(text) ?? [];
    return { text, variable, offered };
  });
  const declaration = program.indexOf(`var ${taken[0].variable},`);
  const declarationEnd = program.indexOf(';', declaration);
  if (begin < 0 || declaration < 0 || declarationEnd > begin || taken.filter(each => !each.offered).length !== ODD) {
    throw new Error('this Pyodide takes over its engine in another way than this build expects');
  }
  return {
    head: program.slice(0, declaration), declared: program.slice(declaration + 'var '.length, declarationEnd).split(','),
    middle: program.slice(declarationEnd + 1, begin), taken, after: program.slice(end),
  };
}

/**
 * The program without what nothing reaches: it lends the engine only what that `asks` for, and shows outside only what
 * `takers` name. What a function is like (`sig`) is of use only together with the function.
 */
async function reachable(program, asks, takers) {
  const begin = program.indexOf(LENT);
  if (begin < 0) throw new Error('this Pyodide lends its engine functions in another way than this build expects');
  const end = program.indexOf('};', begin);
  const lent = program.slice(begin + LENT.length, end).split(',').filter(each => asks.has(each.split(':')[0]));
  let text = program.slice(0, begin) + LENT + lent.join(',') + program.slice(end);
  const inside = new Set([...text.matchAll(/Module(?:\.([\w$]+)|\["([\w$]+)"\])(?!\s*=[^=])/g)].map(([, one, other]) => one ?? other));
  text = text.replaceAll(SHOWN, (all, name) => takers.has(name) || inside.has(name) ? all : '');
  for (let before = ''; before !== text;) {
    before = text;
    const { code } = await minify(before, { module: true, mangle: false, compress: { defaults: false, unused: true, dead_code: true, side_effects: true } });
    const uses = new Map();
    for (const [word] of code.matchAll(WORD)) uses.set(word, (uses.get(word) ?? 0) + 1);
    text = code.replaceAll(LIKE, (all, name, sign) => uses.get(name) === 2 ? sign === ',' ? '' : ';' : all);
  }
  return text;
}

function words(texts) {
  return new Set(texts.flatMap(text => text.match(WORD)));
}
