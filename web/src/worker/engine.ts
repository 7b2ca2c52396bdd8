// The engine's parts, each asked for as soon as its turn has come: all come through the same few threads, and what is
// needed last must not make the first wait.
import { ASSETS, CACHE } from '../shared/build.ts';
import type { Bytes } from '../shared/bytes.ts';
import type * as Program from './engine_program.ts';

export interface Parts { program: Promise<typeof Program>; module: Promise<WebAssembly.Module>; files(): Files }
/** Python's files: its own library and the application. */
export interface Files { library: Promise<Bytes>; application: Promise<Bytes> }

let asked: Parts | null = null;

/** Pyodide's program and its engine, under way to be compiled; a failed try may be repeated. */
export function engineParts(): Parts { return asked ??= ask(); }

/** Holds on to nothing that a started engine has of its own. */
export function forgetEngineParts(): void { asked = null; }

function ask(): Parts {
  const program = watched(import(ASSETS.program) as Promise<typeof Program>);
  // By its address, through the service worker: only so the browser keeps what it compiled for the next start.
  const module = watched(WebAssembly.compileStreaming(fetch(ASSETS.engine)));
  module.then(() => performance.mark('compiled'), () => {});
  let files: Files | null = null;
  return { program, module, files: () => files ??= readFiles() };
}

export function readFiles(): Files { return { library: watched(file(ASSETS.library)), application: watched(file(ASSETS.application)) }; }

/** Whoever waits for it hears of a failure; here it only makes the next try ask again. */
function watched<T>(part: Promise<T>): Promise<T> {
  part.catch(() => { asked = null; });
  return part;
}

/** A file of this build; before the device is ready it may not be kept yet. */
async function file(url: string): Promise<Bytes> {
  const response = await caches.match(url, { cacheName: CACHE }) ?? await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
