// The engine's memory right after everything is imported, kept on this device: starting from it skips all imports.
// Made here, never shipped, before any person's content is in memory; only for exactly this build; checked by hash.
// What is zero is not kept, and the memory is read while the engine is still being put together.
import { CACHE } from '../shared/build.ts';
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';

const HEAD = '/engine-snapshot'; // written last: without it there is no snapshot
const MEMORY = '/engine-snapshot-memory';
const HASH = 'x-sha256';
const BLOCK = 4096;
const HEADER_MEMORY_AT = 1; // Pyodide's header: its second number says where the memory begins

/** Where the kept pieces belong: `pieces` are (place in memory, length), one behind the other in the kept bytes. */
interface Head { pyodide: string; memoryBytes: number; pieces: [number, number][]; sha256: string }

/** Kept memory: it can be put into an engine before it is known to be whole, but not be used. */
export interface Snapshot {
  /** What Pyodide wants to read of its own snapshot, and how much memory the engine must have (it may be grown). */
  header: Bytes; memoryBytes: number;
  bytes: Promise<Bytes>;
  /** Puts the kept memory into an engine's. */
  restore(memory: Uint8Array, bytes: Bytes): void;
  whole: Promise<boolean>;
}

/** The kept memory, or null when there is none. */
export async function findSnapshot(): Promise<Snapshot | null> {
  const [headKept, memoryKept] = await Promise.all([HEAD, MEMORY].map(name => caches.match(name, { cacheName: CACHE })));
  if (!headKept || !memoryKept) return null;
  const bytes = memoryKept.arrayBuffer().then(buffer => new Uint8Array(buffer));
  const text = await headKept.text();
  const head = JSON.parse(text) as Head;
  const whole = bytes.then(async all => await sha256(all) === head.sha256 && await sha256(utf8(text)) === headKept.headers.get(HASH));
  bytes.then(() => performance.mark('kept'), () => {});
  whole.then(() => performance.mark('whole'), () => {});
  whole.catch(() => {}); // who waits for the bytes hears of it
  return { header: fromHex(head.pyodide), memoryBytes: head.memoryBytes, whole, bytes, restore: (memory, all) => fill(memory, head.pieces, all) };
}

/** Keeps what Pyodide's `makeMemorySnapshot` gave. */
export async function keepSnapshot(made: Bytes): Promise<void> {
  const begin = new Uint32Array(made.buffer, made.byteOffset, 2)[HEADER_MEMORY_AT]!;
  const memory = made.subarray(begin);
  const pieces = notZero(memory);
  const bytes = joined(...pieces.map(([at, length]) => memory.subarray(at, at + length)));
  const head: Head = { pyodide: hex(made.subarray(0, begin)), memoryBytes: memory.length, pieces, sha256: await sha256(bytes) };
  const text = JSON.stringify(head);
  const cache = await caches.open(CACHE);
  await cache.put(MEMORY, new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } }));
  await cache.put(HEAD, new Response(text, { headers: { 'content-type': 'application/json', [HASH]: await sha256(utf8(text)) } }));
}

/** What did not start an engine once is not tried again. */
export async function dropSnapshot(): Promise<void> {
  await (await caches.open(CACHE)).delete(HEAD);
}

/** Whether this build still lacks its snapshot. */
export async function lacksSnapshot(): Promise<boolean> {
  return await caches.has(CACHE) && await (await caches.open(CACHE)).match(HEAD) === undefined;
}

/** The pieces of a memory that are not all zero: place and length in bytes, ascending. */
export function notZero(memory: Uint8Array): [number, number][] {
  const pieces: [number, number][] = [];
  for (let at = 0; at < memory.length; at += BLOCK) {
    const block = memory.subarray(at, at + BLOCK);
    if (isZero(block)) continue;
    const last = pieces.at(-1);
    if (last && last[0] + last[1] === at) last[1] += block.length; else pieces.push([at, block.length]);
  }
  return pieces;
}

function isZero(block: Uint8Array): boolean {
  for (let at = 0; at < block.length; at++) if (block[at]) return false;
  return true;
}

/** Makes a memory what it was: an engine that has just been put together has written into its own already. */
export function fill(memory: Uint8Array, pieces: readonly [number, number][], bytes: Uint8Array): void {
  let read = 0, done = 0;
  for (const [at, length] of pieces) {
    memory.fill(0, done, at);
    memory.set(bytes.subarray(read, read + length), at);
    read += length;
    done = at + length;
  }
  if (read !== bytes.length || done > memory.length) throw new Error('the kept memory does not fit');
  memory.fill(0, done);
}

async function sha256(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
