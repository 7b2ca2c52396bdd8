// The files of a build on this device: fetched once, checked by hash, kept in one cache per build. What is whole is
// never fetched again, so that a broken line only costs the file that was under way.
import { CACHE_PREFIX } from './build.ts';

export interface Entry { url: string; bytes: number; wire: number; sha256: string }
export interface Manifest { build: string; entries: Entry[] }
export interface Progress { done: number; total: number }

/** The list of the build that the server offers now. */
export async function fetchManifest(): Promise<Manifest> {
  const response = await fetch('/precache.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`/precache.json: ${response.status}`);
  return await response.json() as Manifest;
}

/** Fetches what is missing; `report` gets bytes on the wire. Throws when a file cannot be had whole. */
export async function precache(manifest: Manifest, report: (progress: Progress) => void = () => {}): Promise<void> {
  const cache = await caches.open(CACHE_PREFIX + manifest.build);
  const total = manifest.entries.reduce((sum, entry) => sum + entry.wire, 0);
  let done = 0;
  report({ done, total });
  for (const entry of manifest.entries) {
    if (!await holds(cache, entry)) {
      const bytes = await hashed(entry) ?? await download(entry, part => report({ done: done + part * entry.wire, total }));
      await cache.put(entry.url, stored(entry.url, bytes));
    }
    done += entry.wire;
    report({ done, total });
  }
  await cache.put('/precache.json', new Response(JSON.stringify(manifest), { headers: { 'content-type': 'application/json' } }));
}

/** Names of files that the cache of this build lacks or holds damaged. */
export async function missing(build: string): Promise<string[]> {
  const cache = await caches.open(CACHE_PREFIX + build);
  const listed = await cache.match('/precache.json');
  if (!listed) return ['/precache.json'];
  const manifest = await listed.json() as Manifest;
  const whole = await Promise.all(manifest.entries.map(entry => holds(cache, entry)));
  return manifest.entries.filter((_, index) => !whole[index]).map(entry => entry.url);
}

/** Removes the caches of other builds. */
export async function dropOtherBuilds(build: string): Promise<void> {
  const names = (await caches.keys()).filter(name => name.startsWith(CACHE_PREFIX) && name !== CACHE_PREFIX + build);
  await Promise.all(names.map(name => caches.delete(name)));
}

async function holds(cache: Cache, entry: Entry): Promise<boolean> {
  const response = await cache.match(entry.url);
  return response !== undefined && await sha256(await response.arrayBuffer()) === entry.sha256;
}

/** A file whose name carries its hash may already be here from another build. */
async function hashed(entry: Entry): Promise<ArrayBuffer | null> {
  const known = /-[0-9a-f]{12}\./.test(entry.url) ? await caches.match(entry.url) : undefined;
  const bytes = await known?.arrayBuffer();
  return bytes && await sha256(bytes) === entry.sha256 ? bytes : null;
}

async function download(entry: Entry, report: (part: number) => void): Promise<ArrayBuffer> {
  const response = await fetch(entry.url, { cache: 'no-cache' });
  if (!response.ok || !response.body) throw new Error(`${entry.url}: ${response.status}`);
  const bytes = new Uint8Array(entry.bytes);
  let at = 0;
  const reader = response.body.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    if (at + step.value.length > bytes.length) throw new Error(`${entry.url}: longer than announced`);
    bytes.set(step.value, at);
    at += step.value.length;
    report(at / bytes.length);
  }
  if (at !== bytes.length || await sha256(bytes.buffer) !== entry.sha256) throw new Error(`${entry.url}: not what was announced`);
  return bytes.buffer;
}

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8', html: 'text/html; charset=utf-8', wasm: 'application/wasm',
  json: 'application/json', svg: 'image/svg+xml', png: 'image/png', ico: 'image/x-icon', woff2: 'font/woff2',
};

// Made anew, not the server's answer: `content-encoding` and the like would describe bytes that are no longer these.
function stored(url: string, bytes: ArrayBuffer): Response {
  const type = TYPES[url.slice(url.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return new Response(bytes, { headers: { 'content-type': type, 'content-length': String(bytes.byteLength) } });
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
}
