// What an open device holds in memory; it never knows more than the disk.
import { hex } from '../shared/bytes.ts';
import type { Contents } from './contents.ts';
import { newActor } from './documents.ts';
import type { Python, SeenClock } from './python.ts';
import type { Book, Identity, Shelf } from './shelf.ts';
import type { Signer } from './signer.ts';
import type { Vault } from './vault.ts';

/** Under which name this device writes into documents, and its signed word that the name is its own. */
export interface Writer { actor: string; announcement: string }

export interface Open extends Writer {
  shelf: Shelf; vault: Vault; signer: Signer; identity: Identity; book: Book; python: Python;
  /** Comes back when Automerge can be used. */
  documents: () => Promise<void>;
  /** When the last beacon came, on the clock that no person can set. */
  beaconAt: number | null;
  contents: Contents;
  /** The reading of the clock that is on the disk. */
  keptClock: SeenClock | null;
}

/** A fresh actor with its announcement. */
export async function newWriter(signer: Signer, identity: Identity): Promise<Writer> {
  const actor = newActor();
  return { actor, announcement: hex(await signer.announce(actor, identity.device)) };
}

/** Believes what is kept of photographs and papers now; some of these may have gone. */
export function believeContents({ contents, python }: Open, asked: readonly string[], index: Parameters<Contents['believe']>[0]): void {
  const gone = asked.filter(sha256 => contents.has(sha256) && !(sha256 in index));
  contents.believe(index);
  for (const sha256 of gone) python.contentKept(sha256, false);
}

/** What is known newly of this device or of the record's keys: on the disk, then believed. */
export async function keepIdentity(open: Open, identity: Identity): Promise<void> {
  await open.shelf.write([await open.shelf.identityWrite(identity)]);
  open.identity = identity;
}
