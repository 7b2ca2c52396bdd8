// The engine's parts, asked for the moment that the worker's program runs: each takes other threads than the ones before.
import { ASSETS, CACHE } from '../shared/build.ts';
import type { Bytes } from '../shared/bytes.ts';
import type * as Program from './engine_program.ts';

export interface Parts { program: typeof Program; module: Promise<WebAssembly.Module>; library: Promise<Bytes>; application: Promise<Bytes> }

let asked: Promise<Parts> | null = null;

/** Pyodide's program, its engine under way to be compiled, and Python's files; a failed try may be repeated. */
export function engineParts(): Promise<Parts> {
  asked ??= ask().catch((error: unknown) => { asked = null; throw error; });
  return asked;
}

/** Holds on to nothing that a started engine has of its own. */
export function forgetEngineParts(): void { asked = null; }

async function ask(): Promise<Parts> {
  // By its address, through the service worker: only so the browser keeps what it compiled for the next start.
  const module = WebAssembly.compileStreaming(fetch(ASSETS.engine));
  const [library, application] = [file(ASSETS.library), file(ASSETS.application)];
  for (const part of [module, library, application]) part.catch(() => { asked = null; });
  return { program: await import(ASSETS.program) as typeof Program, module, library, application };
}

/** A file of this build; before the device is ready it may not be kept yet. */
async function file(url: string): Promise<Bytes> {
  const response = await caches.match(url, { cacheName: CACHE }) ?? await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
