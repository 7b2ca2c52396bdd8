// The worker's door: pages connect, call, and hear notices. A SharedWorker serves every tab; where there is none each
// tab has a dedicated one, and the exclusive lock "writer" lets only one of them work.
import { initializeWasm } from '@automerge/automerge/slim';
import { ASSETS, BUILD } from '../shared/build.ts';
import type { Bytes } from '../shared/bytes.ts';
import { SNAPSHOT_MAKER, WRITER, Refusal, type Answer, type Call, type Failure, type Fields, type DeskRequest, type DeskResponse, type HandedKeys, type Notice, type Op, type Passkey, type Power, type Unlocked, type WorkerState } from '../shared/protocol.ts';
import type { FileLimits } from '../shared/pictures.ts';
import { Attention, LOCK_AFTER_MINUTES } from './attention.ts';
import { Database } from './database.ts';
import { Device } from './device.ts';
import { Exchanges } from './exchanges.ts';
import { isStorageFull } from './machine.ts';
import { askDisk, FIRST, letGo, type Asked, type People } from './people.ts';
import { Python } from './python.ts';
import { fetchMe } from './record.ts';
import { keepSnapshot } from './snapshot.ts';
import { Turnstile } from './turnstile.ts';
import { Vault } from './vault.ts';

const IDLE_CHECK_MS = 20_000;
const AFTER_FIRST_PAGE_MS = 1_000;
const HANDED_MS_MAX = 1_000;
const REHEARSED = '/today'; // all that this page needs is in the engine's kept memory (web/host/rehearsal.py)
const KEEP_AGAIN_MS = 120_000; // it is some hundred bytes for each case of the device

interface Port { postMessage(message: unknown): void }
interface Parts { who: string; database: Database; device: Device; exchanges: Exchanges }

const ports = new Set<Port>();
let parts: Parts | null = null;
let people: People | null = null;
const switching = new Turnstile();
const attention = new Attention();
let power: Power = { lowBattery: false, saveData: false };
let keptAt = -Infinity;
let untouched = true; // nobody opened or locked anything yet: only then the keys of a worker before may open
let python: Promise<Python> | null = null;
let running: Python | null = null;
let databases: Promise<void> | null = null;
let trouble: Failure | null = null; // why the databases could not be opened, when they were asked for last

// Python starts while the person still types the passphrase. A start that failed may be tried again, of Automerge as well,
// which only acts and what sync brings need: no page waits for it.
const startPython = (): Promise<Python> => {
  python ??= Python.boot(calm).then(booted => running = booted, (error: unknown) => { python = null; throw error; });
  return python;
};
const wholePython = async (): Promise<Python> => {
  const booted = await startPython();
  await booted.complete();
  return booted;
};
// To put the engine together holds this thread for a long moment. Before that other threads get what they can work on
// meanwhile: the disk opens the databases and, where the passphrase is there already, its key is derived.
const calm = async (): Promise<void> => { await databases?.catch(() => {}); await keyAsked; };
let keyAsked: Promise<void> = Promise.resolve();
const holdEngine = (): () => void => {
  let release = (): void => {};
  keyAsked = new Promise(resolve => { release = resolve; });
  return release;
};
let automerge: Promise<void> | null = null;
const startAutomerge = (): Promise<void> => {
  automerge ??= initializeWasm(new Request(ASSETS.automerge)).catch((error: unknown) => { automerge = null; throw error; });
  return automerge;
};
Python.prepare();

// The same program also makes the engine's snapshot, in a worker that does nothing else and ends.
const started: Promise<void> = self.name === SNAPSHOT_MAKER ? makeSnapshot() : start();

async function makeSnapshot(): Promise<void> {
  try {
    await keepSnapshot(await Python.makeSnapshot());
  } finally {
    self.close();
  }
}

async function start(): Promise<void> {
  performance.mark('started');
  const asked = askDisk(() => retire());
  await writer();
  const known = opened(asked);
  startPython().catch(() => {});
  await known.catch(() => {}); // whoever asks for something tries again and hears of it
  setInterval(() => {
    if (!parts) return;
    const { device } = parts;
    if (attention.locks(device.isOpen)) void lock();
    else void keepOrder(device);
  }, IDLE_CHECK_MS);
}

/**
 * The databases of this device. Its disk may refuse them for a while (another program holds them, it is full): nothing is
 * made or changed then, and the next who needs them asks again.
 */
function opened(asked?: Asked): Promise<void> {
  databases ??= found(asked ?? askDisk(() => retire())).then(() => { trouble = null; }, (error: unknown) => {
    databases = null;
    trouble = isStorageFull(error) ? failure(error) : { code: 'storage_closed', detail: failure(error).detail };
    throw new Refusal(trouble.code, trouble.detail);
  }).finally(() => { notify('state').catch(() => {}); }); // a page that asks hears of it
  return databases;
}

async function found(asked: Asked): Promise<void> {
  let opening: Database | null = null;
  try {
    void asked.usual.then(Device.ahead, () => {}); // not before this worker is the only one that writes
    const known = await asked.register;
    if (known.last !== FIRST) void asked.usual.then(database => database.close(), () => {});
    const first = await partsOf(known.last, known.last === FIRST ? await asked.usual : undefined);
    opening = first.database;
    performance.mark('databases');
    if (known.last !== FIRST) Device.ahead(first.database);
    if (await first.device.isPrepared()) known.taken(known.last);
    people = known;
    parts = first;
  } catch (error) {
    opening?.close();
    void letGo(asked);
    throw error;
  }
}

/** What can wait until nobody waits: what lists know is kept, finished cases that the record has leave by their rule. */
async function keepOrder(device: Device): Promise<void> {
  try {
    if (performance.now() - keptAt > KEEP_AGAIN_MS) {
      await device.keepGlances();
      keptAt = performance.now();
    }
    if (await device.makeRoom(false)) await notify('content');
  } catch { /* only speed and space depend on it; the next round tries again */ }
}

/** Everything that belongs to one person of this device. */
async function partsOf(who: string, known?: Database): Promise<Parts> {
  const database = known ?? await Database.open(who, () => retire());
  const device = new Device(database, startPython, startAutomerge);
  const exchanges = new Exchanges(device, content => { void notify(content ? 'content' : 'state'); }, () => ({ ...power, attended: attention.isHere }));
  return { who, database, device, exchanges };
}

/** Locks and keeps what the one person has, then turns to another one's database. */
async function turnTo(who: string): Promise<void> {
  await switching.run(async () => {
    if (parts!.who === who) return;
    const before = parts!;
    before.exchanges.stop();
    await before.device.lock();
    parts = await partsOf(who);
    before.database.close();
    await notify('state');
  });
}

/** Waits until this worker is the only one that writes; loses that right only to a successor of a stuck worker. */
async function writer(): Promise<void> {
  const steal = self.name.endsWith('-successor');
  await new Promise<void>((resolve, reject) => {
    navigator.locks.request(WRITER, { mode: 'exclusive', steal }, async () => {
      resolve();
      await new Promise(() => {});
    }).catch((error: unknown) => { retire(); reject(error as Error); });
  });
}

type Handler = (...args: never[]) => Promise<unknown>;

const handlers: Record<Op, Handler> = {
  ping: async () => true,
  async state() { if (trouble) await opened().catch(() => {}); return await state(); },
  problem: async (code: string, status: number, lang: string) => (await wholePython()).problem(code, status, lang),
  async enrol(passphrase: string, name: string) {
    await ready();
    const me = await fetchMe();
    const known = await people!.find(me.user);
    if (known) throw new Refusal('already_here');
    await turnTo(await people!.place());
    const { who, device, exchanges } = parts!;
    await device.enrol(passphrase, name, me);
    await people!.note(who, device.known!);
    exchanges.start();
    await notify('state');
    return true;
  },
  async reenrol(passphrase: string, name: string) {
    const { who, device, exchanges } = await ready();
    exchanges.stop();
    try { await device.reenrol(passphrase, name, await fetchMe()); } finally { exchanges.start(); }
    await people!.note(who, device.known!).catch(() => {});
    await notify('content');
    return true;
  },
  async unlock(passphrase: string, chosen?: string, first?: DeskRequest) {
    const begun = holdEngine();
    try {
      return await unlock(chosen, first, device => device.unlock(database => Vault.unlock(database, passphrase, begun)));
    } finally { begun(); }
  },
  async unlockByPasskey(id: string, secret: Bytes, chosen?: string, first?: DeskRequest) {
    return await unlock(chosen, first, device => device.unlock(database => Vault.unlockByPasskey(database, id, secret)));
  },
  async handOver(line: MessagePort) {
    const { who, device } = await ready();
    line.postMessage(device.keys && { who, ...device.keys });
    return true;
  },
  async resume(line: MessagePort, first?: DeskRequest) {
    await ready();
    const keys = await handed(line);
    if (!keys || !untouched) throw new Refusal('locked');
    return await unlock(keys.who, first, device => device.resume(keys));
  },
  async passkeys(who?: string) {
    await ready();
    if (who) await turnTo(who);
    return await Vault.passkeys(parts!.database);
  },
  async addPasskey(passphrase: string, passkey: Passkey, secret: Bytes) {
    const { database, device } = await ready();
    if (!device.isOpen) throw new Refusal('locked');
    await Vault.addPasskey(database, passphrase, passkey, secret);
    return true;
  },
  async removePasskeys() {
    const { database, device } = await ready();
    if (!device.isOpen) throw new Refusal('locked');
    await Vault.removePasskeys(database);
    return true;
  },
  async changePassphrase(before: string, after: string) {
    const { device } = await ready();
    await device.changePassphrase(before, after);
    return true;
  },
  async lock() { await lock(); return true; },
  async turnTo() {
    await ready();
    const { user } = await fetchMe();
    const known = await people!.find(user);
    await lock();
    await turnTo(known ?? await people!.place());
    return known ? 'known' : 'new';
  },
  async active() { await nudge(false); return true; },
  async back() { await nudge(true); return true; },
  async power(now: Power) {
    const spared = power.saveData && !now.saveData;
    power = now;
    if (spared) parts?.exchanges.kick();
    return true;
  },
  async respond(request: DeskRequest) {
    const { device, exchanges } = await ready();
    const response = await device.respond(request);
    if (response.stored) { exchanges.kick(); void notify('content'); } else void nudge(false);
    return response;
  },
  async tryNow() { return await (await ready()).exchanges.now(); },
  async syncNow() { (await ready()).exchanges.kick(); return true; },
  async makeRoom() {
    const gone = await (await ready()).device.makeRoom(true);
    if (gone) await notify('content');
    return gone;
  },
  async recall(caseId: string) {
    const { device, exchanges } = await ready();
    const asked = await device.recall(caseId);
    exchanges.kick();
    return asked;
  },
  async carryOut(lang: string) {
    const saved = await inWords(lang, (await ready()).device.carryOut());
    await notify('state'); // the sync page names the file that was saved last
    return saved;
  },
  async takeReceipts(file: Bytes, lang: string) {
    const taken = await inWords(lang, (await ready()).device.takeReceipts(file));
    if (!('problem' in taken)) await notify('content');
    return taken;
  },
  async selfTest() { await (await ready()).device.selfTest(); await notify('state'); return true; },
  async saveDraft(path: string, draft: Fields | null) { await (await ready()).device.saveDraft(path, draft); return true; },
  async takeFile(file: Blob, name: string, limits: FileLimits, withPlace: boolean) { return await (await ready()).device.takeFile(file, name, limits, withPlace); },
  async openFile(sha256: string) { return await (await ready()).device.openFile(sha256, () => { void notify('content'); }); },
  async draft(path: string) { return await (await ready()).device.draft(path); },
  async timings() {
    const marks = performance.getEntriesByType('mark').map(mark => [mark.name, Math.round(mark.startTime)]);
    return { ...Object.fromEntries(marks) as Record<string, number>, origin: performance.timeOrigin };
  },
  async retire() { setTimeout(retire, 0); return true; },
};

async function unlock(chosen: string | undefined, first: DeskRequest | undefined, way: (device: Device) => Promise<void>): Promise<Unlocked> {
  await started;
  await opened();
  if (chosen) await turnTo(chosen);
  const { device } = parts!;
  performance.mark('unlock');
  if (first && first.path !== REHEARSED) void wholePython().catch(() => {}); // its page meets it again
  await way(device);
  untouched = false;
  // The page that somebody waits for comes before everything else; if it fails, it is asked for again and fails openly.
  const page = first && await device.isReady() ? await firstPage(device, first).catch(() => null) : null;
  performance.mark('answer');
  const answer: Unlocked = { state: await state(), page };
  setTimeout(() => { void afterFirstPage(parts!); }, 0);
  return answer;
}

async function firstPage(device: Device, first: DeskRequest): Promise<DeskResponse> {
  if (first.path !== REHEARSED) await running?.complete();
  return await device.respond(first);
}

/** The keys that the service worker kept for this worker, if it has any. */
async function handed(line: MessagePort): Promise<HandedKeys | null> {
  return await new Promise(resolve => {
    line.onmessage = ({ data }: MessageEvent<HandedKeys | null>) => resolve(data);
    setTimeout(() => resolve(null), HANDED_MS_MAX);
  });
}

/** What an unlocked device does as soon as nobody waits for its page; nothing when it was locked again meanwhile. */
async function afterFirstPage({ who, device, exchanges }: Parts): Promise<void> {
  await running?.complete().catch(() => {}); // whoever needs the files tries again and hears of it
  if (!device.isOpen) return;
  exchanges.start();
  await people!.note(who, device.known!).catch(() => {}); // a full disk must not lock anybody out
  await notify('state');
  await new Promise(resolve => setTimeout(resolve, AFTER_FIRST_PAGE_MS));
  startAutomerge().catch(() => {}); // whoever records something tries again and hears of it
  device.tidyContents().catch(() => {}); // only space depends on it
}

/** A carried file's problem as a sentence for people. */
async function inWords<T extends object>(lang: string, result: Promise<T | { problem: string }>): Promise<T | { problem: string }> {
  const found = await result;
  return 'problem' in found ? { problem: (await wholePython()).carryProblem(found.problem as string, lang) } : found;
}

/** Everything may be asked for; before, only the way to the first page. */
async function ready(): Promise<Parts> {
  await started;
  await opened();
  await running?.complete();
  return parts!;
}

/** Contact is worth a try; only the next one is lost when it cannot be arranged. */
async function nudge(back: boolean): Promise<void> {
  if (parts?.device.isOpen) await parts.exchanges.nudge(back).catch(() => {});
}

async function lock(): Promise<void> {
  if (!parts) return;
  untouched = false;
  parts.exchanges.stop();
  await parts.device.lock();
  await notify('state');
}

async function state(): Promise<WorkerState> {
  const common = { build: BUILD, lockAfterMinutes: LOCK_AFTER_MINUTES };
  if (!parts) return { ...common, door: 'waiting', trouble, ready: false, who: '', people: [], sync: null };
  const { who, device, exchanges } = parts;
  const door = device.isOpen ? 'open' : await device.isPrepared() ? 'locked' : 'none';
  return { ...common, door, trouble: null, who, people: people?.all ?? [], ready: await device.isReady(), sync: device.isOpen ? await exchanges.state() : null };
}

async function notify(event: Notice['event'], detail = ''): Promise<void> {
  const notice: Notice = { event, detail, state: await state() };
  for (const port of ports) port.postMessage(notice);
}

/** Ends this worker: another build takes over, or a successor that was started because this one was stuck. */
function retire(): void {
  parts?.exchanges.stop();
  self.close();
}

async function answer(call: Call): Promise<Answer> {
  attention.heard(call.op);
  try {
    const handler = handlers[call.op] as (...args: unknown[]) => Promise<unknown>;
    return { id: call.id, value: await handler(...call.args) };
  } catch (error) {
    if (isFatal(error)) void notify('broken', failure(error).detail).finally(() => setTimeout(retire, 0));
    return { id: call.id, failure: failure(error) };
  }
}

/** Whether the Python engine itself broke down (memory, stack): it cannot be used again, a new worker can. */
function isFatal(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof Error && /fatally failed|Pyodide has suffered a fatal error/.test(error.message);
}

/** What a page may know of a fault: kinds and places in the program, never content. */
function failure(error: unknown): Failure {
  if (error instanceof Refusal) return { code: error.code, detail: error.detail };
  if (isStorageFull(error)) return { code: 'storage_full', detail: '' };
  if (!(error instanceof Error)) return { code: 'fault', detail: typeof error };
  const places = [...error.message.matchAll(/File "\/lib\/app\.zip\/([\w/.]+)", line (\d+)/g)].map(([, file, line]) => `${file}:${line}`);
  const kind = /\n(\w+(?:\.\w+)*)(?::[^\n]*)?\s*$/.exec(error.message)?.[1];
  return { code: 'fault', detail: [places.length && kind ? kind : error.name, ...places.slice(-3)].join(' ') };
}

function connect(port: Port & { onmessage: ((event: MessageEvent) => void) | null }): void {
  ports.add(port);
  port.onmessage = event => {
    const call = event.data as Call | 'bye';
    if (call === 'bye') { ports.delete(port); return; }
    void answer(call).then(message => port.postMessage(message));
  };
}

if ('onconnect' in self) {
  (self as unknown as { onconnect: (event: MessageEvent) => void }).onconnect = event => connect(event.ports[0]!);
} else {
  connect(self as unknown as Parameters<typeof connect>[0]);
}
