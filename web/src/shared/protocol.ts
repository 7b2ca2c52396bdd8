// What a page and the worker say to each other. Everything is a request with one answer, or an event to all pages.

import type { FileLimits, Named } from './pictures.ts';

/** Name of a worker that only makes the engine's snapshot. */
export const SNAPSHOT_MAKER = 'snapshot-maker';
/** Name of the lock that the one worker holds that may write. */
export const WRITER = 'writer';

export type Fields = Record<string, string[]>;

/** One page request for the desk. */
export interface DeskRequest { method: 'GET' | 'POST'; path: string; query: Fields; form: Fields; lang: string }
export interface DeskResponse { status: number; html: string; location: string | null; stored: number; problem?: string }

/** How the device stands: `none` = no key made here yet, `waiting` = another tab writes. */
export type Door = 'none' | 'locked' | 'open' | 'waiting';
export interface SyncState {
  online: boolean; waiting: number; refused: number; problem: string; complete: boolean; pulled: number;
  /** Of photographs and papers on their way: files done, files, bytes done, bytes. */
  uploading: number[];
}
/** What a device must be sparing with. */
export interface Power { lowBattery: boolean; saveData: boolean }
/** Somebody who works on this device, as far as it is known while everything is locked. */
export interface Person { id: string; label: string; code: string }
/** A passkey that opens this device: `salt` is what its authenticator computes the secret from. */
export interface Passkey { id: string; salt: Uint8Array<ArrayBuffer> }
/** `who` is the person that `door` and `ready` are about; `trouble` is why nothing of the device can be opened now. */
export interface WorkerState { build: string; door: Door; trouble: Failure | null; ready: boolean; who: string; people: Person[]; sync: SyncState | null; lockAfterMinutes: number }

/** What an open device hands over from one worker to the next: keys that can be used, never read. */
export interface HandedKeys { who: string; data: CryptoKey; signing: { alg: number; publicKey: string; key: CryptoKey } }
/** What a page asks of the service worker about kept keys. */
export type HandoverAsk = 'keys?' | 'give' | 'forget';

/** How the device stands now, and the page asked for; null when it must be asked for again. */
export interface Unlocked { state: WorkerState; page: DeskResponse | null }

export interface Requests {
  state: { args: []; answer: WorkerState };
  ping: { args: []; answer: true };
  /** Prepares this device for whoever is signed in on this browser. */
  enrol: { args: [passphrase: string, name: string]; answer: true };
  /** Enrols this device anew for the same person, after the record froze it. */
  reenrol: { args: [passphrase: string, name: string]; answer: true };
  /** `who` switches to somebody else of this device first; `first` is the page to show, answered in the same go. */
  unlock: { args: [passphrase: string, who?: string, first?: DeskRequest]; answer: Unlocked };
  /** The same with what the authenticator of a passkey computed. */
  unlockByPasskey: { args: [id: string, secret: Uint8Array<ArrayBuffer>, who?: string, first?: DeskRequest]; answer: Unlocked };
  /** Puts the keys of the open device into the line, nothing when it is locked: the page is about to be left. */
  handOver: { args: [line: MessagePort]; answer: true };
  /** Opens a worker that has only just started with the keys that come by the line; throws `locked` when none do. */
  resume: { args: [line: MessagePort, first?: DeskRequest]; answer: Unlocked };
  /** Which passkeys open what `who` (or the person whose turn it is) has here. */
  passkeys: { args: [who?: string]; answer: Passkey[] };
  addPasskey: { args: [passphrase: string, passkey: Passkey, secret: Uint8Array<ArrayBuffer>]; answer: true };
  removePasskeys: { args: []; answer: true };
  changePassphrase: { args: [before: string, after: string]; answer: true };
  /** Locks, and makes ready to unlock or prepare for whoever is signed in on this browser. */
  turnTo: { args: []; answer: 'known' | 'new' };
  lock: { args: []; answer: true };
  /** Somebody does something on a page. */
  active: { args: []; answer: true };
  /** The network, or somebody who looks, came back. */
  back: { args: []; answer: true };
  power: { args: [Power]; answer: true };
  respond: { args: [DeskRequest]; answer: DeskResponse };
  problem: { args: [code: string, status: number, lang: string]; answer: string };
  syncNow: { args: []; answer: true };
  /** Makes contact at once because a person asked for it; whether the record was there. */
  tryNow: { args: []; answer: boolean };
  /** Parts with as many finished cases as may go; how many that were. */
  makeRoom: { args: []; answer: number };
  /** Asks a case back that left this device; false when no such case did. */
  recall: { args: [caseId: string]; answer: boolean };
  /** The outbox as a file for a USB stick. */
  carryOut: { args: [lang: string]; answer: { name: string; bytes: Uint8Array<ArrayBuffer>; count: number } | { problem: string } };
  /** Takes the receipts that came back; how many acts they settled. */
  takeReceipts: { args: [file: Uint8Array<ArrayBuffer>, lang: string]; answer: { receipts: number; refused: number; left: number } | { problem: string } };
  selfTest: { args: []; answer: true };
  saveDraft: { args: [path: string, draft: Fields | null]; answer: true };
  draft: { args: [path: string]; answer: Fields | null };
  /** Keeps a chosen photograph or paper, made ready; what an act may name it by. */
  takeFile: { args: [file: Blob, name: string, limits: FileLimits, withPlace: boolean]; answer: Named };
  /** The content that an act names; fetched from the record when it is not here. */
  openFile: { args: [sha256: string]; answer: Blob };
  /** Milliseconds from the worker's start to each mark (`python`, `open`, `page` …), for benches. */
  timings: { args: []; answer: Record<string, number> };
  retire: { args: []; answer: true };
}
export type Op = keyof Requests;

export interface Call { id: number; op: Op; args: unknown[] }
export type Answer = { id: number; value: unknown } | { id: number; failure: Failure };
/** A fault that a person may read: `code` chooses the words, `detail` fills them in. */
export interface Failure { code: FailureCode; detail: string }
export type FailureCode =
  | 'wrong_passphrase' | 'wrong_passkey' | 'no_passkey' | 'other_person' | 'still_waiting' | 'slow_down' | 'weak_passphrase' | 'signed_out' | 'sign_in_again' | 'already_here' | 'no_record' | 'storage_full' | 'storage_closed'
  | 'file_type' | 'file_broken' | 'file_too_large' | 'files_full' | 'no_content' | 'upload_quota' | 'content_broken' | 'locked' | 'not_enrolled' | 'self_test' | 'refused_enrolment' | 'fault';

/** Tells all pages that something changed: the door, or what sync brought (`content`). */
export interface Notice { event: 'state' | 'content' | 'broken'; state: WorkerState; detail?: string }

export class Refusal extends Error {
  constructor(readonly code: FailureCode, readonly detail = '') {
    super(detail ? `${code}: ${detail}` : code);
  }
}
