// One device's life: prepared once with a passphrase, then unlocked and locked. While it is open it answers pages and
// keeps every act on the disk before the page hears of it.
import { hex, utf8, type Bytes } from '../shared/bytes.ts';
import { APP_VERSION, BUILD } from '../shared/build.ts';
import { missing } from '../shared/precache.ts';
import { Refusal, type DeskRequest, type DeskResponse, type Fields, type HandedKeys } from '../shared/protocol.ts';
import { prepared, type FileLimits, type Named } from '../shared/pictures.ts';
import { Contents } from './contents.ts';
import { Database, type Write } from './database.ts';
import { appendAct, applyChanges, changesOf, newActor, withoutChanges } from './documents.ts';
import type { ActRow, Machine, Python, Received, SeenClock, WaitingRow } from './python.ts';
import { enrolAtRecord, fetchContent, returnToRecord, type Me } from './record.ts';
import type { Known } from './people.ts';
import { checkReceipts, recordVerifies } from './receipts.ts';
import { followed, knows, signerOf } from './record_keys.ts';
import { outboxFile, trusted, type OutboxFile } from './carry.ts';
import { EMPTY_BOOK, Shelf, type Book, type Identity } from './shelf.ts';
import { Signer } from './signer.ts';
import { Turnstile } from './turnstile.ts';
import { Vault, type Opened } from './vault.ts';

/** Under which name this device writes into documents, and its signed word that the name is its own. */
interface Writer { actor: string; announcement: string }

interface Open extends Writer {
  shelf: Shelf; vault: Vault; signer: Signer; identity: Identity; book: Book; python: Python;
  /** When the last beacon came, on the clock that no person can set. */
  beaconAt: number | null;
  contents: Contents;
  /** The reading of the clock that is on the disk. */
  keptClock: SeenClock | null;
}

/** The outbox is in the order of its numbers: what was in the log before goes before everything that waits. */
const LOG_BEFORE_OUTBOX = 2 ** 50;
const CLOCK_KEPT_MS = 10 * 60_000;
const FULL_PERCENT = 100; // whatever the city has set: room is needed now

export class Device {
  private opened: Open | null = null;
  private ready = false; // it never ceases to be
  private readonly turnstile = new Turnstile();

  /** `documents` comes back when Automerge can be used. */
  constructor(private readonly database: Database, private readonly python: () => Promise<Python>, private readonly documents: () => Promise<void>) {}

  get isOpen(): boolean { return this.opened !== null; }
  async isPrepared(): Promise<boolean> { return await Signer.isKept(this.database); }
  async isReady(): Promise<boolean> { return this.ready ||= await this.database.get('device', 'ready') !== undefined; }

  /** Makes data key and signing key, tells the record about this device, keeps everything in one transaction. */
  async enrol(passphrase: string, name: string, me: Me): Promise<void> {
    await this.turnstile.run(async () => {
      if (await this.isPrepared()) throw new Refusal('already_here');
      const { vault, wrapping, writes } = await Vault.create(passphrase);
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
        if (acts.length) await this.recordOrMakeRoom(open, acts);
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

  /** Keeps what an answer of the record brought, then believes it; `wait` and `after` (alone so long) in milliseconds. */
  async takeAnswer(pieces: Bytes[]): Promise<{ wait: number; received: Received; after: number } | null> {
    return await this.turnstile.run(async () => {
      const open = this.need();
      const received = open.python.syncRead(pieces);
      if (received.empty) return null;
      await checkReceipts(open.identity.recordKey, received);
      const arrived = performance.now();
      const after = Date.now() - (open.book.lastContactMs ?? 0); // how long this device was alone
      const book = { ...open.book, ...received.standing, lastContactMs: Date.now(), clock: null };
      if (received.beacon && !received.forked) book.beacon = { id: received.beacon.id, serverTimeMs: received.beacon.server_time_ms };
      // A profile that came back from an older copy learns here which numbers it has used: they are never used again.
      book.nextSeq = Math.max(book.nextSeq, received.own_seq + 1);
      if (received.shared !== null) book.restored = open.python.noticeAfter(open.book.restored ?? null, received.lost);
      const { writes, believe } = await this.answerWrites(open, received);
      await open.shelf.write([...writes, await open.shelf.bookWrite(book)]);
      open.book = book;
      open.keptClock = null;
      believe();
      if (received.beacon) open.beaconAt = arrived;
      const wait = open.python.syncCommit();
      if (received.shared !== null) open.python.loadContents(open.contents.rows());
      return { wait, received, after };
    });
  }

  /** Comes back to a record that was restored from before this device's enrolment; false: it is not taken in. */
  async returnTo(csrf: string): Promise<boolean> {
    const { enrolment } = this.need().identity;
    const code = enrolment ? await returnToRecord(csrf, enrolment) : null;
    if (code === null) return false;
    await this.turnstile.run(async () => {
      const open = this.need();
      const identity = { ...open.identity, code };
      await open.shelf.write([await open.shelf.identityWrite(identity)]);
      open.identity = identity;
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
      const identity = { ...open.identity, ...keys };
      await open.shelf.write([await open.shelf.identityWrite(identity)]);
      open.identity = identity;
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
      const identity = { ...open.identity, carryKeys };
      await open.shelf.write([await open.shelf.identityWrite(identity)]);
      open.identity = identity;
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

  /** Keeps and believes the receipts that came back by USB stick; the record's signature under the file decides. */
  async takeReceipts(file: Bytes): Promise<{ receipts: number; refused: number; left: number } | { problem: string }> {
    return await this.turnstile.run(async () => {
      const open = this.need();
      const read = open.python.readReceipts(file);
      if ('problem' in read) return read;
      const { received, signature, signed, key: named } = read;
      const key = await signerOf(open.identity, signature, signed, received.receipts); // it may have been long on its way
      const good = await recordVerifies(key, signature, signed);
      if (good === null) return { problem: 'cannot_check' };
      if (!good) return { problem: knows(open.identity, named) ? 'tampered' : 'unknown_key' };
      await checkReceipts(key, received);
      const { writes, believe } = await this.answerWrites(open, received);
      const book = { ...open.book, ...received.standing };
      await open.shelf.write([...writes, await open.shelf.bookWrite(book)]);
      open.book = book;
      believe();
      open.python.settle();
      return { receipts: received.receipts.length, refused: received.refused.length, left: received.purge.length };
    });
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
    return await this.turnstile.run(async () => this.opened ? await this.letGo(this.opened, usedPercent) : 0);
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

  private async letGo(open: Open, usedPercent: number): Promise<number> {
    const { cases, contents, left } = open.python.leaving(usedPercent);
    if (!cases.length) return 0;
    const writes: Write[] = [];
    for (const caseId of cases) {
      writes.push({ store: 'documents', key: caseId }, { store: 'records', key: caseId });
      for (const [hash] of await open.shelf.rows(caseId)) writes.push({ store: 'receipts', key: hash });
    }
    const kept = await open.contents.without(contents); // the record has them: they are fetched again when somebody looks
    await open.shelf.write([...writes, ...kept.writes, await open.shelf.leftWrite(left)]);
    believeContents(open, contents, kept.index);
    open.python.leftNow();
    return cases.length;
  }

  /** Proves that this device can work alone; throws `self_test` with the part that cannot. */
  async selfTest(): Promise<void> {
    await this.check('files', async () => (await missing(BUILD)).length === 0);
    const { vault, signer, shelf } = this.need();
    await this.check('encryption', async () => {
      const content = crypto.getRandomValues(new Uint8Array(64));
      const write = await vault.seal('drafts', '/self-test', content);
      await shelf.write([write]);
      const back = await vault.open('drafts', '/self-test', (await this.database.get('drafts', '/self-test'))!);
      await shelf.write([{ store: 'drafts', key: '/self-test' }]);
      return hex(back) === hex(content);
    });
    await this.check('signature', async () => {
      const signature = await signer.signAct('00'.repeat(16), '00'.repeat(32));
      const good = await signer.verify(signature, new Uint8Array([...utf8('shouwen-act-1'), ...new Uint8Array(48)]));
      return good && !await signer.verify(signature, utf8('something else'));
    });
    await this.check('documents', async () => {
      await this.documents();
      return appendAct(null, newActor(), '{}').change.length > 0;
    });
    await this.check('pages', async () => {
      const { status } = await this.respond({ method: 'GET', path: '/today', query: {}, form: {}, lang: 'zh-CN' });
      return status === 200;
    });
    await this.keepGlances();
    await this.database.write([{ store: 'device', key: 'ready', value: { build: BUILD } }]);
  }

  private async check(part: string, test: () => Promise<boolean>): Promise<void> {
    if (!await test().catch(() => false)) throw new Refusal('self_test', part);
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
    this.opened = { shelf, vault, signer, identity, book, python, ...writer, beaconAt: null, contents, keptClock: book.clock ?? null };
    performance.mark('open');
  }

  /** A full disk is given a second chance: finished cases that the record has are parted with first. */
  private async recordOrMakeRoom(open: Open, acts: { case_id: string; text: string }[]): Promise<void> {
    try {
      await this.record(open, acts);
    } catch (error) {
      if (!isStorageFull(error) || !await this.letGo(open, FULL_PERCENT).catch(() => 0)) throw error;
      await this.record(open, acts);
    }
  }

  private async record(open: Open, acts: { case_id: string; text: string }[]): Promise<void> {
    await this.documents();
    const documents = new Map<string, Bytes>();
    const rows = new Map<string, ActRow[]>();
    const told: { caseId: string; row: ActRow; waiting: WaitingRow }[] = [];
    const writes: Write[] = [];
    let seq = open.book.nextSeq;
    for (const { case_id: caseId, text } of acts) {
      const { binary, change } = appendAct(documents.get(caseId) ?? await open.shelf.document(caseId), open.actor, text);
      const { hash, deps } = open.python.decodeChange(change);
      const row: ActRow = [hash, deps, text, null, null];
      const waiting: WaitingRow = {
        case_id: caseId, hash, raw: change, alg: open.signer.alg, signature: await open.signer.signAct(caseId, hash),
        actor: open.actor, actor_signature: open.announcement, reason: '',
      };
      documents.set(caseId, binary);
      rows.set(caseId, [...rows.get(caseId) ?? await open.shelf.rows(caseId), row]);
      writes.push(await open.shelf.waitingWrite(waiting, seq));
      seq += 1;
      told.push({ caseId, row, waiting });
    }
    for (const [caseId, binary] of documents) writes.push(await open.shelf.documentWrite(caseId, binary));
    for (const [caseId, all] of rows) writes.push(await open.shelf.rowsWrite(caseId, all));
    const book = { ...open.book, nextSeq: seq };
    const named = await open.contents.namedBy(told.map(({ row: [hash, , text] }) => ({ hash, contents: open.python.enclosed(text) })));
    await open.shelf.write([...writes, ...named.writes, await open.shelf.bookWrite(book)]);
    open.book = book;
    open.contents.believe(named.index);
    for (const { caseId, row, waiting } of told) open.python.recorded(caseId, row, waiting);
  }

  /** The transaction for what an answer or a receipts file brought, and what to believe once it is stored. */
  private async answerWrites(open: Open, received: Received): Promise<{ writes: Write[]; believe: () => void }> {
    const { shelf } = open;
    const writes: Write[] = [];
    for (const receipt of received.receipts) writes.push(await shelf.receiptWrite(receipt));
    for (const hash of received.settled) writes.push({ store: 'outbox', key: hash });
    for (const hash of received.taken) writes.push(...await shelf.takenWrite(hash));
    for (const refused of received.refused) writes.push(...await shelf.refusedWrite(refused));
    if (Object.keys(received.documents).length) await this.documents();
    for (const [caseId, { without, changes }] of Object.entries(received.documents)) {
      let binary = await shelf.document(caseId);
      if (binary && without.length) binary = withoutChanges(binary, open.actor, new Set(without));
      if (binary || changes.length) writes.push(await shelf.documentWrite(caseId, applyChanges(binary, open.actor, changes)));
    }
    for (const [caseId, rows] of Object.entries(received.records)) writes.push(await shelf.recordWrite(caseId, rows));
    if (received.directory) writes.push(await shelf.directoryWrite(received.directory));
    if (received.left) writes.push(await shelf.leftWrite(received.left));
    for (const caseId of received.purge) writes.push(...await shelf.purgeWrites(caseId, received.left_out.filter(act => act.case_id === caseId)));
    for (const caseId of received.forgotten) writes.push(...await shelf.purgeWrites(caseId, []));
    if (received.purge.length || received.forgotten.length) writes.push(...await shelf.glancesWithout(new Set([...received.purge, ...received.forgotten])));
    // What was refused may come back into its document: its actor's numbers are used, so nobody goes on with that actor.
    const writer = received.refused.length ? await newWriter(open.signer, open.identity) : {};
    const again = await this.waitingAgain(open, received);
    for (const [row, seq] of again) writes.push(await shelf.waitingWrite(row, seq));
    const contents = received.shared === null ? await open.contents.without(received.contents) : await open.contents.sendAgain();
    const believe = (): void => {
      Object.assign(open, writer);
      believeContents(open, received.contents, contents.index);
      if (received.shared !== null) open.python.offerAgain(again.map(([row]) => row));
    };
    return { writes: [...writes, ...contents.writes], believe };
  }

  /**
   * What the record may have lost, signed for anew: acts from the documents (in the order of the log), then those that
   * it had refused. Acts of other devices go as what this one holds; only their author can announce their actor.
   */
  private async waitingAgain(open: Open, received: Received): Promise<[WaitingRow, number][]> {
    const found: [WaitingRow, number][] = [];
    if (received.shared === null) return found;
    const changes = new Map<string, Map<string, Bytes>>();
    const outbox = new Map((await open.shelf.waitingWithPlace()).map(each => [each[0].hash, each]));
    for (const { case_id: caseId, hash, own, log_index: index } of received.again) {
      if (!changes.has(caseId)) changes.set(caseId, changesOf(await open.shelf.document(caseId)));
      const [kept, place] = outbox.get(hash) ?? [];
      const raw = changes.get(caseId)!.get(hash) ?? kept?.raw;
      if (!raw?.length || (index === null && place === undefined)) continue; // it was never here whole, or it was left out
      const { actor } = open.python.decodeChange(raw);
      found.push([{
        case_id: caseId, hash, raw, alg: open.signer.alg, signature: await open.signer.signAct(caseId, hash),
        actor, actor_signature: own ? hex(await open.signer.announce(actor, open.identity.device)) : '', reason: '',
        astray: !changes.get(caseId)!.has(hash), lost: index !== null,
      }, index === null ? place! : index - LOG_BEFORE_OUTBOX]);
    }
    return found;
  }
}

/** A new signing key, taken in by the record for whoever is signed in. */
async function enrolled(wrapping: CryptoKey, name: string, me: Me): Promise<{ signer: Signer; write: Write; identity: Identity }> {
  const { signer, write } = await Signer.create(wrapping);
  const asked = hex(await signer.signEnrolment(me.user, name));
  const { device, code, enrolment } = await enrolAtRecord(me, signer.alg, signer.publicKey, name, asked);
  const carryKeys = await trusted(me.recordKey, me.carryKeys);
  return { signer, write, identity: { user: me.user, name: me.name, device, code, recordKey: me.recordKey, carryKeys, enrolment } };
}

/** Believes what is kept of photographs and papers now; some of these may have gone. */
function believeContents({ contents, python }: Open, asked: readonly string[], index: Parameters<Contents['believe']>[0]): void {
  const gone = asked.filter(sha256 => contents.has(sha256) && !(sha256 in index));
  contents.believe(index);
  for (const sha256 of gone) python.contentKept(sha256, false);
}

/** A fresh actor with its announcement. */
async function newWriter(signer: Signer, identity: Identity): Promise<Writer> {
  const actor = newActor();
  return { actor, announcement: hex(await signer.announce(actor, identity.device)) };
}

/** How full this browser's storage is, and whether it promised to keep it; null where it does not say. */
async function machineStorage(): Promise<Omit<Machine, 'clock_offset_ms'>> {
  const storage = (globalThis.navigator as Navigator | undefined)?.storage;
  const [estimate, kept] = await Promise.all([
    storage?.estimate?.().catch(() => null) ?? null, storage?.persisted?.().catch(() => null) ?? null,
  ]);
  return { storage_used: estimate?.usage ?? null, storage_quota: estimate?.quota ?? null, storage_kept: kept };
}

/** How much of the storage that the browser grants is used; 0 where it does not say. */
async function usedStoragePercent(): Promise<number> {
  const { storage_used: used, storage_quota: quota } = await machineStorage();
  return used && quota ? 100 * used / quota : 0;
}

function isStorageFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}
