// Photographs and papers on the device: sealed in pieces under random names, listed in one sealed index. Owns what is
// kept and what may go. The caller makes sure that nothing else writes meanwhile.
import { hex, type Bytes } from '../shared/bytes.ts';
import { sha256Of, type FileLimits, type Prepared } from '../shared/pictures.ts';
import { Refusal } from '../shared/protocol.ts';
import type { Database, Write } from './database.ts';
import type { Sealed, Vault } from './vault.ts';

export const PIECE_BYTES = 256 * 1024;
const TRANSACTION_PIECES = 16;
const FETCHED_BYTES_MAX = 64 * 1024 * 1024; // of what the record has anyhow
const UNUSED_MS_MAX = 24 * 3_600_000;
const MEGABYTE = 1024 * 1024;

interface Stored { id: string; bytes: number }
/** `act`: hash of the act that names it; '' while it only stands in a form. `sent`: the record has it. */
interface Kept extends Stored { type: string; addedMs: number; act: string; sent: boolean; original: Stored | null }
type Index = Record<string, Kept>;

/** What Python has to know of a content. */
export interface ContentRow { sha256: string; bytes: number; act: string; sent: boolean }

export class Contents {
  private constructor(private readonly database: Database, private readonly vault: Vault, private index: Index) {}

  static async load(database: Database, vault: Vault): Promise<Contents> {
    const sealed = await database.get<Sealed>('sealed', 'contents');
    return new Contents(database, vault, sealed ? await vault.openJson<Index>('sealed', 'contents', sealed) : {});
  }

  rows(): ContentRow[] {
    return Object.entries(this.index).map(([sha256, { bytes, act, sent }]) => ({ sha256, bytes, act, sent }));
  }

  has(sha256: string): boolean { return sha256 in this.index; }

  /** Keeps a prepared file; of a photograph the original too, until the record has the smaller one. */
  async keep({ named, content, isRedrawn }: Prepared, original: Blob, limits: FileLimits, nowMs: number): Promise<void> {
    if (this.has(named.sha256)) return;
    await this.makeRoom(content.size + (isRedrawn ? original.size : 0), limits.device);
    const kept: Kept = { ...await this.store(content), type: named.type, addedMs: nowMs, act: '', sent: false, original: null };
    if (isRedrawn) kept.original = await this.store(original);
    await this.save({ ...this.index, [named.sha256]: kept });
  }

  /** Keeps what came from the record; throws `content_broken` when it is something else. */
  async keepFetched(sha256: string, content: Blob, nowMs: number): Promise<void> {
    if (await sha256Of(await content.arrayBuffer()) !== sha256) throw new Refusal('content_broken');
    if (this.has(sha256)) return;
    const kept: Kept = { ...await this.store(content), type: content.type, addedMs: nowMs, act: '', sent: true, original: null };
    await this.save({ ...this.index, [sha256]: kept });
    await this.forgetFetched(FETCHED_BYTES_MAX);
  }

  /** Notes in the transaction of an act which contents it names; call `believe` with the second part afterwards. */
  async namedBy(acts: { hash: string; contents: string[] }[]): Promise<{ writes: Write[]; index: Index }> {
    const index = { ...this.index };
    for (const { hash, contents } of acts) {
      for (const sha256 of contents) {
        const kept = index[sha256];
        if (kept && !kept.act && !kept.sent) index[sha256] = { ...kept, act: hash };
      }
    }
    const isSame = Object.keys(index).every(sha256 => index[sha256] === this.index[sha256]);
    return { writes: isSame ? [] : [await this.vault.sealJson('sealed', 'contents', index)], index };
  }

  /** Takes contents off the disk with the case whose acts name them; what is still on its way stays. Then `believe`. */
  async without(contents: readonly string[]): Promise<{ writes: Write[]; index: Index }> {
    const index = { ...this.index };
    const gone = [...new Set(contents)].filter(sha256 => index[sha256]?.sent);
    if (!gone.length) return { writes: [], index };
    const keys = gone.flatMap(sha256 => [index[sha256]!, index[sha256]!.original].flatMap(stored => stored ? pieceKeys(stored) : []));
    for (const sha256 of gone) delete index[sha256];
    const writes = keys.map((key): Write => ({ store: 'contents', key }));
    return { writes: [...writes, await this.vault.sealJson('sealed', 'contents', index)], index };
  }

  /** After the record came back from a backup: it is asked anew about everything that was sent from here. */
  async sendAgain(): Promise<{ writes: Write[]; index: Index }> {
    const index = Object.fromEntries(Object.entries(this.index).map(([sha256, kept]) => [sha256, { ...kept, sent: kept.sent && !kept.act }]));
    return { writes: [await this.vault.sealJson('sealed', 'contents', index)], index };
  }

  believe(index: Index): void { this.index = index; }

  /** The record has it: the original has done its service. */
  async sent(sha256: string): Promise<void> {
    const kept = this.index[sha256];
    if (!kept || kept.sent) return;
    await this.save({ ...this.index, [sha256]: { ...kept, sent: true, original: null } }, kept.original ? pieceKeys(kept.original) : []);
  }

  /** The content, or null when it is not here. Throws when a piece was changed or is missing. */
  async read(sha256: string): Promise<Blob | null> {
    const kept = this.index[sha256];
    if (!kept) return null;
    const pieces: Bytes[] = [];
    for (const key of pieceKeys(kept)) pieces.push(await this.piece(key));
    return new Blob(pieces, { type: kept.type });
  }

  /** A part of a content that is on its way. */
  async part(sha256: string, offset: number, length: number): Promise<Blob> {
    const kept = this.index[sha256];
    if (!kept) throw new Refusal('no_content');
    const first = Math.floor(offset / PIECE_BYTES), last = Math.floor((offset + length - 1) / PIECE_BYTES);
    const pieces: Bytes[] = [];
    for (let n = first; n <= last; n++) pieces.push(await this.piece(`${kept.id}/${n}`));
    return new Blob(pieces).slice(offset - first * PIECE_BYTES, offset - first * PIECE_BYTES + length);
  }

  /** Drops what no form and no act holds on to, and pieces that a crash left behind. Gives what went. */
  async tidy(drafts: string, nowMs: number): Promise<string[]> {
    const unused = Object.entries(this.index)
      .filter(([sha256, kept]) => !kept.act && !kept.sent && nowMs - kept.addedMs > UNUSED_MS_MAX && !drafts.includes(sha256)).map(([sha256]) => sha256);
    await this.forget(unused);
    const known = new Set(Object.values(this.index).flatMap(kept => [kept.id, kept.original?.id]));
    const lost = (await this.database.keys('contents')).filter(key => !known.has(key.split('/')[0]));
    if (lost.length) await this.database.write(lost.map(key => ({ store: 'contents', key })));
    return unused;
  }

  /** Makes the device's limit hold by dropping what can be fetched again; throws `files_full` (detail: the limit in MB). */
  private async makeRoom(bytes: number, limit: number): Promise<void> {
    const used = (kept: Kept): number => kept.bytes + (kept.original?.bytes ?? 0);
    const all = Object.values(this.index).reduce((sum, kept) => sum + used(kept), 0);
    const fixed = Object.values(this.index).filter(kept => !kept.sent).reduce((sum, kept) => sum + used(kept), 0);
    if (fixed + bytes > limit) throw new Refusal('files_full', String(Math.floor(limit / MEGABYTE)));
    if (all + bytes > limit) await this.forgetFetched(limit - fixed - bytes);
  }

  private async forgetFetched(bytesMax: number): Promise<void> {
    const fetched = Object.entries(this.index).filter(([, kept]) => kept.sent).sort(([, one], [, other]) => other.addedMs - one.addedMs);
    let sum = 0;
    await this.forget(fetched.filter(([, kept]) => (sum += kept.bytes) > bytesMax).map(([sha256]) => sha256));
  }

  private async forget(contents: string[]): Promise<void> {
    if (!contents.length) return;
    const index = { ...this.index };
    const keys = contents.flatMap(sha256 => [index[sha256]!, index[sha256]!.original].flatMap(stored => stored ? pieceKeys(stored) : []));
    for (const sha256 of contents) delete index[sha256];
    await this.save(index, keys);
  }

  private async save(index: Index, dropped: string[] = []): Promise<void> {
    const write = await this.vault.sealJson('sealed', 'contents', index);
    await this.database.write([write, ...dropped.map((key): Write => ({ store: 'contents', key }))]);
    this.index = index;
  }

  private async store(content: Blob): Promise<Stored> {
    const stored: Stored = { id: hex(crypto.getRandomValues(new Uint8Array(16))), bytes: content.size };
    const keys = pieceKeys(stored);
    for (let from = 0; from < keys.length; from += TRANSACTION_PIECES) {
      const writes = keys.slice(from, from + TRANSACTION_PIECES).map(async (key, step) => {
        const at = (from + step) * PIECE_BYTES;
        return await this.vault.seal('contents', key, new Uint8Array(await content.slice(at, at + PIECE_BYTES).arrayBuffer()));
      });
      await this.database.write(await Promise.all(writes));
    }
    return stored;
  }

  private async piece(key: string): Promise<Bytes> {
    const sealed = await this.database.get<Sealed>('contents', key);
    if (!sealed) throw new Refusal('content_broken');
    return await this.vault.open('contents', key, sealed);
  }
}

function pieceKeys({ id, bytes }: Stored): string[] {
  return Array.from({ length: Math.ceil(bytes / PIECE_BYTES) }, (_, n) => `${id}/${n}`);
}
