// The engine that Python runs on, asked for the moment that the worker's program runs: compiling it takes other threads
// than everything that has to be read meanwhile.
import { ASSETS } from '../shared/build.ts';

let compiled: Promise<WebAssembly.Module> | null = null;

/** Compiles the engine once for this worker; a failed try may be repeated. Pyodide is bundled so that it asks here. */
export function engineModule(): Promise<WebAssembly.Module> {
  // By its address, through the service worker: only so the browser keeps what it compiled for the next start.
  compiled ??= WebAssembly.compileStreaming(fetch(ASSETS.engine)).catch((error: unknown) => { compiled = null; throw error; });
  return compiled;
}
