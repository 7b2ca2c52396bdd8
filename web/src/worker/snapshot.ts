// The engine's memory right after everything is imported, kept on this device: starting from it skips all imports.
// Made here, never shipped, before any person's content is in memory; only for exactly this build; checked by hashes.
// What is zero is not kept. The rest goes from the disk straight into an engine's memory: twenty megabytes that are
// gathered first, and hashed when all of them are there, took a tenth of a start.
import { CACHE } from '../shared/build.ts';
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';

const HEAD = '/engine-snapshot'; // written last: without it there is no snapshot
const MEMORY = '/engine-snapshot-memory';
const HASH = 'x-sha256';
const BLOCK = 4096;
const PIECE_BYTES_MAX = 1 << 20; // one is hashed on another thread while the next is read
const HEADER_MEMORY_AT = 1; // Pyodide's header: its second number says where the memory begins

/** A part of the memory that is kept: place, length in bytes, hash; one lies behind the other in the kept bytes. */
type Piece = [at: number, length: number, sha256: string];
interface Head { pyodide: string; memoryBytes: number; pieces: Piece[] }

/** Kept memory: it can be put into an engine before it is known to be whole, but not be used. */
export interface Snapshot {
  /** What Pyodide wants to read of its own snapshot, and how much memory the engine must have (it may be grown). */
  header: Bytes; memoryBytes: number;
  /** Puts the kept memory into an engine's, of which the first `written` bytes are not zero for certain; once only. */
  restore(memory: Bytes, written: number): Promise<void>;
  /** Whether what was restored is what was kept. */
  whole(): Promise<boolean>;
}

/** The kept memory, or null when there is none. */
export async function findSnapshot(): Promise<Snapshot | null> {
  const [headKept, memoryKept] = await Promise.all([HEAD, MEMORY].map(name => caches.match(name, { cacheName: CACHE })));
  if (!headKept || !memoryKept?.body) return null;
  // Read on without being asked: until the engine is there, this thread has turns to spare.
  const body = memoryKept.body.pipeThrough(new TransformStream<Bytes, Bytes>(undefined, undefined, { highWaterMark: Infinity }));
  const text = await headKept.text();
  const { pyodide, memoryBytes, pieces } = JSON.parse(text) as Head;
  const checks: Promise<boolean>[] = [same(utf8(text), headKept.headers.get(HASH) ?? '')];
  let restored = false;
  return {
    header: fromHex(pyodide), memoryBytes,
    restore: async (memory, written) => {
      await fill(memory, pieces, body, written, ([at, length, hash]) => { checks.push(same(memory.subarray(at, at + length), hash)); });
      restored = true;
      performance.mark('kept');
    },
    whole: async () => {
      const found = await Promise.all(checks);
      performance.mark('whole');
      return restored && found.every(Boolean);
    },
  };
}

/** Keeps what Pyodide's `makeMemorySnapshot` gave. */
export async function keepSnapshot(made: Bytes): Promise<void> {
  const begin = new Uint32Array(made.buffer, made.byteOffset, 2)[HEADER_MEMORY_AT]!;
  const memory = made.subarray(begin);
  const found = notZero(memory).map(([at, length]): [number, Bytes] => [at, memory.subarray(at, at + length)]);
  const pieces = await Promise.all(found.map(async ([at, bytes]): Promise<Piece> => [at, bytes.length, await sha256(bytes)]));
  const text = JSON.stringify({ pyodide: hex(made.subarray(0, begin)), memoryBytes: memory.length, pieces } satisfies Head);
  const cache = await caches.open(CACHE);
  await cache.put(MEMORY, new Response(joined(...found.map(([, bytes]) => bytes)), { headers: { 'content-type': 'application/octet-stream' } }));
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

/** The parts of a memory that are not all zero, none too long: place and length in bytes, ascending. */
export function notZero(memory: Uint8Array): [number, number][] {
  const pieces: [number, number][] = [];
  for (let at = 0; at < memory.length; at += BLOCK) {
    const block = memory.subarray(at, at + BLOCK);
    if (isZero(block)) continue;
    const last = pieces.at(-1);
    if (last && last[0] + last[1] === at && last[1] < PIECE_BYTES_MAX) last[1] += block.length; else pieces.push([at, block.length]);
  }
  return pieces;
}

function isZero(block: Uint8Array): boolean {
  for (let at = 0; at < block.length; at++) if (block[at]) return false;
  return true;
}

/**
 * Makes a memory what it was: an engine that has just been put together has written into its own already, into the first
 * `written` bytes at most. `filled` hears of every piece that is in its place.
 */
export async function fill(memory: Bytes, pieces: readonly Piece[], from: ReadableStream<Bytes>, written: number, filled: (piece: Piece) => void): Promise<void> {
  const clear = (begin: number, end: number): void => { if (begin < written) memory.fill(0, begin, end); };
  const reader = from.getReader();
  let come: Bytes = new Uint8Array();
  let done = 0;
  for (const piece of pieces) {
    const [at, length] = piece;
    if (at + length > memory.length) misfit();
    clear(done, at);
    for (done = at; done < at + length;) {
      if (!come.length) come = (await reader.read()).value ?? misfit();
      const part = come.subarray(0, at + length - done);
      memory.set(part, done);
      done += part.length;
      come = come.subarray(part.length);
    }
    filled(piece);
  }
  if (come.length || !(await reader.read()).done) misfit();
  clear(done, memory.length);
}

function misfit(): never { throw new Error('the kept memory does not fit'); }

async function same(bytes: Bytes, hash: string): Promise<boolean> { return await sha256(bytes) === hash; }

async function sha256(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
