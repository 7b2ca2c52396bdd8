// Gives the worker's program in node what a browser gives it: the files of this build, a cache, an address.
import fs from 'node:fs';

declare const __ROOT__: string;
const TYPES: Record<string, string> = { wasm: 'application/wasm' };

/** From now on the engine can be started; `kept` is what its cache holds. */
export function asInBrowser(kept = new Map<string, Response>()): Map<string, Response> {
  const match = async (name: string): Promise<Response | undefined> => kept.get(name)?.clone();
  const cache = { put: async (name: string, response: Response) => { kept.set(name, response); }, match, delete: async (name: string) => kept.delete(name) };
  Object.assign(globalThis, { caches: { has: async () => true, open: async () => cache, match }, location: new URL('http://localhost/worker.js') });
  globalThis.fetch = (async (url: string) =>
    new Response(fs.readFileSync(`${__ROOT__}/web/dist${url}`), { headers: { 'content-type': TYPES[url.split('.').at(-1)!] ?? '' } })) as typeof fetch;
  return kept;
}
