// The Python that runs in this worker: boots Pyodide from the precached zips and calls web/host/browser.py.
import type { loadPyodide, PyodideAPI } from 'pyodide';
import type { Bytes } from '../shared/bytes.ts';
import type { ContentRow } from './contents.ts';
import { engineParts, forgetEngineParts, readFiles } from './engine.ts';
import type { Around } from './exchanges.ts';
import { dropSnapshot, findSnapshot, type Snapshot } from './snapshot.ts';

const LOCK = { info: { abi_version: '2026_0', arch: 'wasm32', platform: 'emscripten_5_0_3', python: '3.14.2' }, packages: {} };
const LIBRARY = '/lib/python314.zip';
const APPLICATION = '/lib/app.zip';
const NOTHING = Promise.resolve(new Uint8Array()); // Pyodide writes its library before the engine's memory is there

export interface WaitingRow {
  case_id: string; hash: string; raw: Bytes; alg: number; signature: Bytes; actor: string; actor_signature: string; reason: string;
  /** It was refused before, so its document does not have it. */
  astray?: boolean;
  /** It had a receipt of a record that came back from a backup without it. */
  lost?: boolean;
  now_with?: string[]; by?: string; why?: string; at_ms?: number | null;
}
/** An act that the record's gate did not take, with who has the case now, or with the centre's decision to leave it out. */
export interface Refused { case_id: string; hash: string; reason: string; now_with: string[]; by: string; why: string; at_ms: number | null }
/** What the centre may know of this machine; null: not known. */
export interface Machine { storage_used: number | null; storage_quota: number | null; storage_kept: boolean | null; clock_offset_ms: number | null }
/** One act as the records hold it: hash, deps, text, received at (ms), log index. */
export type ActRow = [string, string[], string, number | null, number | null];
export interface Receipt { case_id: string; hash: string; log_index: number; received_at_ms: number; sig: string }
/** Where the device stands with the record (py_core/sync.py): `custody`, `lineage` and `top` are Python's own. */
export interface Standing { cursor: number; scope: string; config: number; custody?: unknown; lineage?: string[]; top?: number }
/** An act that is offered again because the record came back from a backup; `own`: made on this device; without a log index it was refused. */
export interface Again { case_id: string; hash: string; own: boolean; log_index: number | null }
/** What an answer says, and what of it is to be stored (py_core/keeping.py). */
/** The record's word on its time and its log (py_core/wire). */
export interface Beacon { id: string; server_time_ms: number; log_size: number; sig: string; root: string; older: number; path: string[] }
export interface Received {
  empty: boolean; receipts: Receipt[]; refused: Refused[];
  /** How many acts came. */
  pulled: number;
  /** What leaves the outbox, every touched case's acts as JSON, and what becomes of its document. */
  settled: string[]; taken: string[]; records: Record<string, string>; documents: Record<string, { without: string[]; changes: Bytes[] }>;
  directory: string | null; beacon: Beacon | null;
  /** The log does not continue the one that this device has seen (py_core/log_watch.py); nothing else is told then. */
  forked: boolean;
  /** Whether it came to its end, and where this device stands then; to be kept with everything else of it. */
  ended: boolean; standing: Standing;
  /** Cases to delete with everything of theirs, the contents that they name, the acts of theirs that were left out. */
  purge: string[]; contents: string[]; left_out: Refused[];
  /** The highest number of this device's own acts in it. */
  own_seq: number;
  /** Cases that left this device before and are nobody's business here any more: what is still kept of them goes. */
  forgotten: string[];
  /** What is to be kept of cases that left this device, when that changed. */
  left: string | null;
  /** The record came back from a backup: up to where its log is still the one known so far, and what waits anew. */
  shared: number | null; again: Again[]; lost: number;
}
/** What must verify before later keys of the record are believed; or why their chain is none for this device. */
export type KeySteps = { problem: string } | { keys: { public_key: string; since_ms: number; signer: string; sig: string; message: Bytes }[] };
/** A receipts file as read: what it says, and what the record must have signed; or why it is none for this device. */
export type ReadReceipts = { problem: string } | { received: Received; signature: string; signed: Bytes; key: string };
/** Cases that may leave this device, what only they name of photographs and papers, and what is kept of all that left. */
export interface Leaving { cases: string[]; contents: string[]; left: string }
export interface UploadStep { do: 'ask' | 'send'; sha256: string; offset: number; length: number; total: number }
export interface Exchange { online: boolean; waiting: number; refused: number; problem: string; complete: boolean; uploading: number[] }
/** What this device knows of its own clock since the last contact (py_core/lease.py). */
export interface SeenClock { latest_ms: number; hidden_ms: number }
export interface PageAnswer { status: number; html: string; location: string | null; acts: { case_id: string; text: string }[]; clock?: SeenClock }

/** Calls `host.browser`; every argument and result is copied, so that nothing holds on to Python objects. */
export class Python {
  private completing: Promise<void> | null = null;

  /** `lacksFiles`: an engine that started from a kept memory has not got them yet. */
  private constructor(private readonly engine: PyodideAPI, private readonly host: Host, private lacksFiles = false) {}

  /**
   * Comes back when Python has its files. Before, only what was imported when its memory was kept may be used: the page
   * that a day begins with. A failed try may be repeated.
   */
  complete(): Promise<void> { return this.completing ??= this.place().catch((error: unknown) => { this.completing = null; throw error; }); }

  private async place(): Promise<void> {
    if (!this.lacksFiles) return;
    performance.mark('files');
    const files = readFiles(); // not before somebody asks: to read them takes turns of this thread
    const [library, application] = await Promise.all([files.library, files.application]);
    this.engine.FS.writeFile(LIBRARY, library, { canOwn: true });
    this.engine.FS.writeFile(APPLICATION, application, { canOwn: true });
    this.lacksFiles = false;
  }

  /** Gets under way what takes no turn of this thread; `boot` waits for it. */
  static prepare(): void {
    const { files } = engineParts();
    Python.kept = findSnapshot().catch(() => null);
    // An engine that starts from a kept memory asks for the files last; the long way cannot begin without them.
    void Python.kept.then(snapshot => { if (!snapshot) files(); });
  }

  private static kept: Promise<Snapshot | null> | null = null;

  /**
   * Starts from the kept memory if there is one; whatever is wrong with it, the long way works. Once `calm` has come
   * back, this thread may be held.
   */
  static async boot(calm = async (): Promise<void> => {}): Promise<Python> {
    try {
      return await Python.started(calm);
    } finally {
      forgetEngineParts();
    }
  }

  private static async started(calm: () => Promise<void>): Promise<Python> {
    const snapshot = await (Python.kept ?? findSnapshot().catch(() => null));
    Python.kept = null; // its bytes are not needed twice
    if (snapshot) {
      try {
        const engine = await start({}, calm, snapshot);
        performance.mark('engine');
        if (!await snapshot.whole()) throw new Error('the kept memory is damaged');
        engine.runPython('import random; random.seed()'); // the kept state would repeat on every start
        const host = engine.pyimport('host.browser') as unknown as Host;
        performance.mark('python');
        return new Python(engine, host, true);
      } catch {
        await dropSnapshot();
      }
    }
    const engine = await start({}, calm);
    performance.mark('engine');
    const host = engine.pyimport('host.browser') as unknown as Host;
    performance.mark('imports');
    host.warm();
    performance.mark('python');
    return new Python(engine, host);
  }

  /** The memory of an engine that has everything imported and nobody's content. */
  static async makeSnapshot(): Promise<Uint8Array<ArrayBuffer>> {
    const engine = await start({ _makeSnapshot: true }, async () => {});
    engine.runPython('import host.browser, gc; host.browser.warm(); host.browser.rehearse(); del host; gc.collect()');
    return (engine as unknown as { makeMemorySnapshot(): Uint8Array<ArrayBuffer> }).makeMemorySnapshot();
  }

  openDevice(opened: unknown): void { this.host.open_device(JSON.stringify(opened)); }
  lock(): void { this.host.lock(); }
  /** One case a line: its id, a space, its rows as JSON; in UTF-8. */
  loadRecords(lines: Bytes): void { this.given(lines, given => this.host.load_records(given)); }
  /** What lists know of cases, to be kept; null when nothing is new since it was given last. */
  keptGlances(): string | null { return this.host.kept_glances(Date.now()) as string | undefined ?? null; }
  believeGlances(kept: string): number { return this.host.believe_glances(kept, Date.now()) as number; }
  loadWaiting(rows: WaitingRow[]): void { this.given(rows, given => this.host.load_waiting(given)); }
  respond(request: unknown): PageAnswer { return JSON.parse(this.host.respond(JSON.stringify(request)) as string) as PageAnswer; }
  problem(code: string, status: number, lang: string): string { return this.host.problem(code, status, lang) as string; }

  recorded(caseId: string, row: ActRow, waiting: WaitingRow): void {
    this.given(waiting, given => this.host.recorded(caseId, JSON.stringify(row), given));
  }

  syncRequest(machine: Machine): Bytes { return taken<Bytes>(this.host.sync_request(JSON.stringify(machine))); }
  syncRead(pieces: Bytes[]): Received { return taken<Received>(this.given(pieces, given => this.host.sync_read(given))); }
  syncCommit(): number { return this.host.sync_commit() as number; }
  offerAgain(rows: WaitingRow[]): void { this.given(rows, given => this.host.offer_again(given)); }
  carryOut(): { frames: Bytes; count: number } { return taken<{ frames: Bytes; count: number }>(this.host.carry_out()); }
  readReceipts(file: Bytes): ReadReceipts { return taken<ReadReceipts>(this.given(file, given => this.host.read_receipts(given))); }
  keySteps(trusted: string, chain: string): KeySteps { return taken<KeySteps>(this.host.key_steps(trusted, chain)); }
  settle(): void { this.host.settle(); }
  noticeAfter(before: { atMs: number; count: number } | null, lost: number): { atMs: number; count: number } { return taken(this.host.notice_after(before?.atMs ?? 0, before?.count ?? 0, Date.now(), lost)); }
  carryProblem(code: string, lang: string): string { return this.host.carry_problem(code, lang) as string; }
  leaving(usedPercent: number): Leaving { return taken<Leaving>(this.host.leaving(Date.now(), usedPercent)); }
  leftNow(): void { this.host.left_now(); }
  recall(caseId: string): string | null { return this.host.recall(caseId) as string | undefined ?? null; }
  pollMs(events: boolean): number { return this.host.sync_poll_ms(events) as number; }
  syncAround({ attended, lowBattery, saveData }: Around): void { this.host.sync_around(attended, lowBattery, saveData); }
  nudged(sinceAttemptMs: number): number { return this.host.sync_nudged(sinceAttemptMs) as number; }
  eventsLost(livedMs: number, jitter: number): number { return this.host.sync_events_lost(livedMs, jitter) as number; }
  uploadGo(): void { this.host.upload_go(); }
  syncState(): Exchange { return taken<Exchange>(this.host.sync_state()); }

  loadContents(rows: ContentRow[]): void { this.given(rows, given => this.host.load_contents(given)); }
  contentKept(sha256: string, kept: boolean): void { this.host.content_kept(sha256, kept); }
  enclosed(text: string): string[] { return taken<string[]>(this.host.enclosed(text)); }
  uploadMoved(sha256: string, offset: number, complete: boolean, tookMs: number): boolean { return this.host.upload_moved(sha256, offset, complete, tookMs) as boolean; }

  uploadNext(): UploadStep | null {
    const step = this.host.upload_next();
    return step === undefined || step === null ? null : taken<UploadStep>(step);
  }

  uploadFailed(sha256: string, status: number | null, offset: number, jitter: number, retryAfterMs: number | null): number {
    return this.host.upload_failed(sha256, status ?? undefined, offset, jitter, retryAfterMs ?? undefined) as number;
  }

  syncFailed(status: number | null, jitter: number, retryAfterMs: number | null): number {
    return this.host.sync_failed(status ?? undefined, jitter, retryAfterMs ?? undefined) as number;
  }

  syncStuck(problem: string, jitter: number): number { return this.host.sync_stuck(problem, jitter) as number; }

  decodeChange(raw: Bytes): { hash: string; deps: string[]; actor: string } {
    return taken(this.given(raw, given => this.host.decode_change(given)));
  }

  private given(value: unknown, use: (given: unknown) => unknown): unknown {
    const proxy = this.engine.toPy(swapped(value, null, undefined));
    try { return use(proxy); } finally { proxy.destroy(); }
  }
}

const NAMES = [
  'warm', 'open_device', 'lock', 'load_records', 'kept_glances', 'believe_glances', 'load_waiting', 'respond', 'problem', 'recorded', 'sync_request', 'sync_read',
  'sync_commit', 'sync_failed', 'sync_stuck', 'sync_state', 'sync_poll_ms', 'sync_around', 'sync_nudged', 'sync_events_lost', 'decode_change', 'carry_out', 'read_receipts', 'key_steps', 'settle', 'notice_after', 'carry_problem', 'leaving', 'left_now', 'recall', 'offer_again',
  'load_contents', 'content_kept', 'enclosed', 'upload_next', 'upload_moved', 'upload_failed', 'upload_go',
] as const;
type Host = Record<typeof NAMES[number], (...args: unknown[]) => unknown>;

type Options = NonNullable<Parameters<typeof loadPyodide>[0]>;
interface Writing { writeFile(path: string, bytes: Uint8Array, options: { canOwn: boolean }): void }
interface Growing { HEAPU8: Bytes; growMemory(bytes: number): void }
type CreateModule = NonNullable<Options['createPyodideModule']>;

async function start(more: Partial<Options>, calm: () => Promise<void>, snapshot?: Snapshot): Promise<PyodideAPI> {
  const { program: coming, module, files } = engineParts();
  const program = await coming;
  return await program.loadPyodide({
    indexURL: new URL('/assets/', location.href).href,
    lockFileContents: LOCK as never,
    packageBaseUrl: new URL('/assets/', location.href).href,
    createPyodideModule: (async settings => {
      performance.mark('program');
      const engine = await program.createPyodideModule(settings) as Awaited<ReturnType<CreateModule>> & Growing;
      performance.mark('instance');
      if (snapshot) await restored(engine, snapshot);
      performance.mark('memory');
      return engine;
    }) as CreateModule,
    env: { PYTHONPATH: APPLICATION, HOME: '/home/shouwen' },
    ...snapshot ? { _loadSnapshot: snapshot.header } : { fsInit: async (FS: Writing) => { FS.writeFile(APPLICATION, await files().application, { canOwn: true }); } },
    ...{ engineModule: calm().then(() => module), libraryBytes: snapshot ? NOTHING : files().library }, // the bundler lets Pyodide take these instead of fetching its own
    ...more,
  });
}

/** Fills a new engine's memory; what that has in its file system follows (`complete`). */
async function restored(engine: Growing, snapshot: Snapshot): Promise<void> {
  const written = engine.HEAPU8.length; // what is grown is zero
  // The rehearsal may need more memory than an engine begins with; Pyodide itself would refuse such a snapshot.
  if (written < snapshot.memoryBytes) engine.growMemory(snapshot.memoryBytes);
  await snapshot.restore(engine.HEAPU8, written);
}

function taken<T>(result: unknown): T {
  const proxy = result as { toJs(options: object): T; destroy(): void };
  try { return swapped(proxy.toJs({ dict_converter: Object.fromEntries, create_pyproxies: false }), undefined, null) as T; } finally { proxy.destroy(); }
}

/** The same with one kind of nothing for the other: the engine gives None as undefined, and takes null for something. */
function swapped(value: unknown, from: null | undefined, to: null | undefined): unknown {
  if (value === from) return to;
  if (Array.isArray(value)) return value.map(each => swapped(each, from, to));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, swapped(each, from, to)]));
}
