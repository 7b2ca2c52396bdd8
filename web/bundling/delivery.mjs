// Prepares what was built for the wire: brotli beside every file that gains from it, and the list for the precache.
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { cached, contentHash } from './hashes.mjs';

const brotli = promisify(zlib.brotliCompress);
const NOT_PRECACHED = new Set(['sw.js', 'precache.json', 'build-id.txt']);
const MIN_BYTES = 1024;

/** Writes `name.br` beside every file. */
export async function compress(root, folder) {
  await Promise.all(relative(folder).map(async name => {
    const bytes = fs.readFileSync(path.join(folder, name));
    if (bytes.length < MIN_BYTES) return;
    const kept = await cached(root, `br-${contentHash(bytes)}`, async at => {
      const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
      const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
      fs.writeFileSync(path.join(at, 'br'), await brotli(bytes, { params }));
    });
    fs.copyFileSync(path.join(kept, 'br'), path.join(folder, `${name}.br`));
  }));
}

/** What a device must hold to work offline: address, bytes, bytes on the wire, hash. */
export function listForPrecache(folder, build) {
  const entries = relative(folder).filter(name => !NOT_PRECACHED.has(name)).map(name => {
    const bytes = fs.readFileSync(path.join(folder, name));
    const compressed = path.join(folder, `${name}.br`);
    const wire = fs.existsSync(compressed) ? fs.statSync(compressed).size : bytes.length;
    return { url: `/${name}`, bytes: bytes.length, wire, sha256: contentHash(bytes) };
  });
  return { build, entries };
}

function relative(folder) {
  return fs.readdirSync(folder, { recursive: true }).map(String)
    .filter(name => !name.endsWith('.br') && fs.statSync(path.join(folder, name)).isFile()).sort();
}
