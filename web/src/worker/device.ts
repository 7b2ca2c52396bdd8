// One device's life: prepared once with a passphrase, then unlocked and locked. While it is open it answers pages and
// keeps every act on the disk before the page hears of it.
import type { Bytes } from '../shared/bytes.ts';
import { APP_VERSION, BUILD } from '../shared/build.ts';
import { Refusal, type DeskRequest, type DeskResponse, type Fields, type HandedKeys } from '../shared/protocol.ts';
import { prepared, type FileLimits, type Named } from '../shared/pictures.ts';
import { outboxFile, trusted, type OutboxFile } from './carry.ts';
import { Contents } from './contents.ts';
import type { Database } from './database.ts';
import { enrolled } from './enrolling.ts';
import { isStorageFull, machineStorage, usedStoragePercent } from './machine.ts';
import { keepIdentity, newWriter, type Open } from './opened.ts';
import { FULL_PERCENT, letGo } from './parting.ts';
import type { Known } from './people.ts';
import type { Python, SeenClock } from './python.ts';
import { fetchContent, returnToRecord, type Me } from './record.ts';
import { followed } from './record_keys.ts';
import { recordOrMakeRoom } from './recording.ts';
import { selfTest } from './self_test.ts';
import { EMPTY_BOOK, Shelf } from './shelf.ts';
import { Signer } from './signer.ts';
import { takeAnswer, takeReceipts, type Answered, type ReceiptsTaken } from './taking_in.ts';
import { Turnstile } from './turnstile.ts';
import { Vault, type Opened } from './vault.ts';

const CLOCK_KEPT_MS = 10 * 60_000;

export class Device {
  private opened: Open | null = null;
  private ready = false; // it never ceases to be
  private readonly turnstile = new Turnstile();

  /** `documents` comes back when Automerge can be used. */
  constructor(private readonly database: Database, private readonly python: () => Promise<Python>, private readonly documents: () => Promise<void>) {}

  /** Asks the disk for what tells whether it is prepared, and what the passphrase will be tried on, while that is typed. */
  static ahead(database: Database): void {
    database.ahead({ keys: [['device', 'signing'], ['device', 'key'], ['device', 'attempts']], all: [], pieces: [] });
  }

  get isOpen(): boolean { return this.opened !== null; }
  async isPrepared(): Promise<boolean> { return await Signer.isKept(this.database); }
  async isReady(): Promise<boolean> { return this.ready ||= await this.database.get('device', 'ready') !== undefined; }

  /** Makes data key and signing key, tells the record about this device, keeps everything in one transaction. */
  async enrol(passphrase: string, name: string, me: Me): Promise<void> {
    await this.turnstile.run(async () => {
      if (await this.isPrepared()) throw new Refusal('already_here');
      const { vault, wrapping, writes } = await Vault.create(passphrase, me.ownWords);
      const { signer, write, identity } = await enrolled(wrapping, name, me);
      const shelf = new Shelf(this.database, vault);
      await shelf.write([...writes, write, await shelf.identityWrite(identity), await shelf.bookWrite(EMPTY_BOOK)]);
      await this.open(vault, Promise.resolve(signer));
    });
  }

  /**
   * Enrols this device anew after it was frozen: a new key and a new id, the same cases. Throws `still_waiting` while
   * something has not been told to the record under the old key.
   */
  async reenrol(passphrase: string, name: string, me: Me): Promise<void> {
    await this.turnstile.run(async () => {
      const { shelf, book, identity, python } = this.need();
      if (me.user !== identity.user) throw new Refusal('other_person');
      if (python.syncState().waiting) throw new Refusal('still_waiting');
      const { vault, wrapping } = await Vault.unlock(this.database, passphrase);
      const { signer, write, identity: anew } = await enrolled(wrapping, name, me);
      await shelf.write([write, await shelf.identityWrite(anew), await shelf.bookWrite({ ...book, nextSeq: 1, beacon: null })]);
      this.opened = null;
      await this.open(vault, Promise.resolve(signer));
    });
  }

  /** Opens with a passphrase or a passkey (`Vault.unlock`, `Vault.unlockByPasskey`). */
  async unlock(way: (database: Database) => Promise<Opened>): Promise<void> {
    await this.turnstile.run(async () => {
      if (this.opened) return;
      const coming = way(this.database);
      Shelf.ahead(this.database);
      const { vault, wrapping } = await coming;
      await this.open(vault, Signer.load(this.database, wrapping));
    });
  }

  /** What the next worker opens with; null while this device is locked. */
  get keys(): Omit<HandedKeys, 'who'> | null {
    return this.opened && { data: this.opened.vault.key, signing: this.opened.signer.handed };
  }

  /** Opens with the keys of the worker before this one. */
  async resume({ data, signing: { alg, publicKey, key } }: HandedKeys): Promise<void> {
    await this.turnstile.run(async () => {
      if (!this.opened) await this.open(new Vault(data), Promise.resolve(new Signer(alg, publicKey, key)));
    });
  }

  /** Forgets keys and content in memory. */
  async lock(): Promise<void> {
    await this.turnstile.run(async () => {
      this.opened?.python.lock();
      this.opened = null;
    });
  }

  /** Who works here, for the register of people. */
  get known(): Known | null { return this.opened?.identity ?? null; }
  get user(): string | null { return this.opened?.identity.user ?? null; }

  /** Only the new passphrase opens from now on. */
  async changePassphrase(before: string, after: string): Promise<void> {
    const { user, name, ownWords } = this.need().identity;
    await Vault.changePassphrase(this.database, before, after, ownWords ?? [user, name]);
  }

  /** Answers a page; its acts are on the disk before this comes back. */
  async respond(request: DeskRequest): Promise<DeskResponse> {
    return await this.turnstile.run(async () => {
      const open = this.need();
      const { status, html, location, acts, clock } = open.python.respond({
        ...request,
        now_ms: Date.now(),
        next_device_seq: open.book.nextSeq,
        beacon: open.book.beacon?.id ?? null,
        beacon_time_ms: open.book.beacon?.serverTimeMs ?? null,
        since_beacon_ms: open.beaconAt === null ? null : Math.round(performance.now() - open.beaconAt),
        last_contact_ms: open.book.lastContactMs,
        carried: open.book.carried ?? null,
        restored: open.book.restored ?? null,
        clock: open.book.clock ?? null,
      });
      await this.keepClock(open, clock);
      try {
        if (acts.length) await recordOrMakeRoom(open, acts);
      } catch (error) {
        if (!isStorageFull(error)) throw error;
        return { status: 507, html: open.python.problem('storage_full', 507, request.lang), location: null, stored: 0, problem: 'storage_full' };
      }
      return { status, html, location, stored: acts.length };
    });
  }

  /** Keeps the latest reading of this device's clock: now and then, and at once when it was turned back. */
  private async keepClock(open: Open, clock: SeenClock | undefined): Promise<void> {
    if (!clock) return;
    const kept = open.keptClock;
    open.book = { ...open.book, clock };
    if (kept && clock.hidden_ms === kept.hidden_ms && clock.latest_ms - kept.latest_ms < CLOCK_KEPT_MS) return;
    try {
      await open.shelf.write([await open.shelf.bookWrite(open.book)]);
      open.keptClock = clock;
    } catch (error) { // a full disk keeps nobody from reading
      if (!isStorageFull(error)) throw error;
    }
  }

  async problem(code: string, status: number, lang: string): Promise<string> {
    return (await this.python()).problem(code, status, lang);
  }

  async saveDraft(path: string, draft: Fields | null): Promise<void> {
    const { shelf } = this.need();
    await shelf.write([await shelf.draftWrite(path, draft)]);
  }

  /** Keeps what lists know of cases, so that the next start need not open them all. */
  async keepGlances(): Promise<void> {
    await this.turnstile.run(async () => {
      const text = this.opened?.python.keptGlances();
      if (text) await this.opened!.shelf.write([await this.opened!.shelf.glancesWrite(text)]);
    });
  }

  async draft(path: string): Promise<Fields | null> { return await this.need().shelf.draft(path); }

  /** For the exchange with the record: Python's side, never while a page is being answered. */
  async withPython<T>(work: (python: Python) => T): Promise<T> {
    return await this.turnstile.run(async () => work(this.need().python));
  }

  /** The body of the next exchange, with what the centre may know of this machine. */
  async request(): Promise<Bytes> {
    const storage = await machineStorage();
    return await this.turnstile.run(async () => {
      const { python, book, beaconAt } = this.need();
      const recordMs = book.beacon && beaconAt !== null ? book.beacon.serverTimeMs + performance.now() - beaconAt : null;
      return python.syncRequest({ ...storage, clock_offset_ms: recordMs === null ? null : Math.round(Date.now() - recordMs) });
    });
  }

  /** Keeps what an answer of the record brought, then believes it. */
  async takeAnswer(pieces: Bytes[]): Promise<Answered | null> {
    return await this.turnstile.run(async () => await takeAnswer(this.need(), pieces));
  }

  /** Comes back to a record that was restored from before this device's enrolment; false: it is not taken in. */
  async returnTo(csrf: string): Promise<boolean> {
    const { enrolment } = this.need().identity;
    const code = enrolment ? await returnToRecord(csrf, enrolment) : null;
    if (code === null) return false;
    await this.turnstile.run(async () => {
      const open = this.need();
      await keepIdentity(open, { ...open.identity, code });
    });
    return true;
  }

  /** The newest key of the record that this device believes. */
  get recordKey(): string { return this.need().identity.recordKey; }

  /** Believes the keys that the record changed to since; false: none. Throws `OtherRecord` for a chain that does not hold. */
  async followRecordKeys(chain: string): Promise<boolean> {
    return await this.turnstile.run(async () => {
      const open = this.need();
      const keys = await followed(open.identity, open.python.keySteps(open.identity.recordKey, chain));
      if (!keys) return false;
      await keepIdentity(open, { ...open.identity, ...keys });
      return true;
    });
  }

  /** Learns the record's keys for carried files, if they are new; only the record that this device knows can name them. */
  async learnCarryKeys(me: Me): Promise<void> {
    await this.turnstile.run(async () => {
      const open = this.need();
      const known = new Set(open.identity.carryKeys?.map(key => key.publicKey));
      if (me.carryKeys.every(key => known.has(key.publicKey))) return;
      const carryKeys = await trusted(open.identity.recordKey, me.carryKeys);
      await keepIdentity(open, { ...open.identity, carryKeys });
    });
  }

  /** What waits here as a file for a USB stick. It goes on waiting: only its receipt takes an act out of the outbox. */
  async carryOut(): Promise<OutboxFile & { count: number } | { problem: string }> {
    return await this.turnstile.run(async () => {
      const open = this.need();
      const { frames, count } = open.python.carryOut();
      if (!count) return { problem: 'nothing_waits' };
      const file = await outboxFile(open.signer, open.identity.carryKeys ?? [], frames);
      if (!file) return { problem: 'no_carry_key' };
      const book = { ...open.book, carried: { name: file.name, count, atMs: Date.now() } };
      try {
        await open.shelf.write([await open.shelf.bookWrite(book)]);
        open.book = book;
      } catch (error) { // a full disk is the very reason to carry: that the file was made need not be remembered
        if (!isStorageFull(error)) throw error;
      }
      return { ...file, count };
    });
  }

  /** Keeps and believes the receipts that came back by USB stick. */
  async takeReceipts(file: Bytes): Promise<ReceiptsTaken> {
    return await this.turnstile.run(async () => await takeReceipts(this.need(), file));
  }

  /** Makes a chosen file ready and keeps it before anything names it. */
  async takeFile(file: Blob, name: string, limits: FileLimits, withPlace: boolean): Promise<Named> {
    this.need();
    const ready = await prepared(file, name, limits, withPlace); // takes its time, and no page has to wait for it
    await this.turnstile.run(async () => {
      const { contents, python } = this.need();
      await contents.keep(ready, file, limits, Date.now());
      python.contentKept(ready.named.sha256, true);
    });
    return ready.named;
  }

  /** A content that is here or can be fetched; `fetched` hears that it is here now. */
  async openFile(sha256: string, fetched: () => void): Promise<Blob> {
    const here = await this.turnstile.run(async () => await this.need().contents.read(sha256));
    if (here) return here;
    const content = await fetchContent(sha256);
    await this.turnstile.run(async () => {
      const { contents, python } = this.need();
      await contents.keepFetched(sha256, content, Date.now());
      python.contentKept(sha256, true);
    });
    fetched();
    return content;
  }

  async part(sha256: string, offset: number, length: number): Promise<Blob> { return await this.need().contents.part(sha256, offset, length); }

  /** The record has all of a content. */
  async contentSent(sha256: string): Promise<void> {
    await this.turnstile.run(async () => { await this.need().contents.sent(sha256); });
  }

  /** Drops photographs and papers that nothing holds on to. */
  async tidyContents(): Promise<void> {
    await this.turnstile.run(async () => {
      const { contents, shelf, python } = this.need();
      for (const sha256 of await contents.tidy(await shelf.allDrafts(), Date.now())) python.contentKept(sha256, false);
    });
  }

  /** Parts with finished cases that the record has, by the rule in py_core/eviction.py; how many. */
  async makeRoom(asked: boolean): Promise<number> {
    const usedPercent = asked ? FULL_PERCENT : await usedStoragePercent();
    return await this.turnstile.run(async () => this.opened ? await letGo(this.opened, usedPercent) : 0);
  }

  /** Asks a case back that left this device; false when no such case did. */
  async recall(caseId: string): Promise<boolean> {
    return await this.turnstile.run(async () => {
      const open = this.need();
      const left = open.python.recall(caseId);
      if (left) await open.shelf.write([await open.shelf.leftWrite(left)]);
      return left !== null;
    });
  }

  /** Proves that this device can work alone; throws `self_test` with the part that cannot. */
  async selfTest(): Promise<void> {
    await selfTest(this.need(), this.database, async request => await this.respond(request));
    await this.keepGlances();
    await this.database.write([{ store: 'device', key: 'ready', value: { build: BUILD } }]);
  }

  private need(): Open {
    if (!this.opened) throw new Refusal('locked');
    return this.opened;
  }

  private async open(vault: Vault, loading: Promise<Signer | null>): Promise<void> {
    performance.mark('key');
    const shelf = new Shelf(this.database, vault);
    const rows = shelf.allRows();
    const [signer, identity, book, directory, kept, left, waiting, contents, first, python] = await Promise.all([
      loading, shelf.identity(), shelf.book(), shelf.directory(), shelf.glances(), shelf.left(), shelf.waiting(),
      Contents.load(this.database, vault), rows.next(), this.python()]);
    performance.mark('read');
    if (!signer || !identity) throw new Refusal('not_enrolled');
    const writer = await newWriter(signer, identity);
    try {
      python.openDevice({
        identity: { user: identity.user, device: identity.device, code: identity.code },
        app_version: APP_VERSION,
        directory: directory ? JSON.parse(directory) : null,
        sync: book,
        left: left ? JSON.parse(left) : null,
      });
      for (let piece = first; !piece.done; piece = await rows.next()) python.loadRecords(piece.value);
      performance.mark('records');
      if (kept) python.believeGlances(kept);
      performance.mark('glances');
      python.loadWaiting(waiting);
      python.loadContents(contents.rows());
    } catch (error) { // half of what is kept must not stay in memory behind a closed door
      python.lock();
      throw error;
    }
    this.opened = { shelf, vault, signer, identity, book, python, ...writer, beaconAt: null, contents, documents: this.documents, keptClock: book.clock ?? null };
    performance.mark('open');
  }
}
