// The engine's memory right after everything is imported, kept on this device: starting from it skips all imports.
// Made here, never shipped, before any person's content is in memory; only for exactly this build; checked by hash.
import { CACHE } from '../shared/build.ts';
import { hex } from '../shared/bytes.ts';

const NAME = '/engine-snapshot';
const HASH = 'x-sha256';

/** Kept memory: it can be put into an engine before it is known to be whole, but not be used. */
export interface Snapshot { bytes: Promise<Uint8Array<ArrayBuffer>>; whole: Promise<boolean> }

/** The kept memory, or null when there is none. */
export async function findSnapshot(): Promise<Snapshot | null> {
  const kept = await caches.has(CACHE) ? await (await caches.open(CACHE)).match(NAME) : undefined;
  if (!kept) return null;
  const bytes = kept.arrayBuffer().then(buffer => new Uint8Array(buffer));
  const whole = bytes.then(async all => await sha256(all) === kept.headers.get(HASH));
  whole.catch(() => {}); // who waits for the bytes hears of it
  return { bytes, whole };
}

export async function keepSnapshot(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { 'content-type': 'application/octet-stream', [HASH]: await sha256(bytes) };
  await (await caches.open(CACHE)).put(NAME, new Response(bytes, { headers }));
}

/** What did not start an engine once is not tried again. */
export async function dropSnapshot(): Promise<void> {
  await (await caches.open(CACHE)).delete(NAME);
}

/** Whether this build still lacks its snapshot. */
export async function lacksSnapshot(): Promise<boolean> {
  return await caches.has(CACHE) && await (await caches.open(CACHE)).match(NAME) === undefined;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
