// When a device makes contact: the record's wish, somebody who works here, wake-ups and lines that let none through.
// The device, Python's waits and the clock are fakes; what is watched is when and how often the record is asked.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Device } from '../../web/src/worker/device.ts';
import { Exchanges, type Around } from '../../web/src/worker/exchanges.ts';
import { returnToRecord } from '../../web/src/worker/record.ts';

const FAILED_MS = 15_000, POLL_MS = 15_000, POLL_WITH_EVENTS_MS = 120_000, NUDGE_MS = 3_000;

/** Time that passes only when a test says so. */
class Clock {
  now = 1_000_000;
  private timers: { id: number; at: number; work: () => void }[] = [];
  private id = 1;

  install(): void {
    performance.now = () => this.now;
    globalThis.setTimeout = ((work: () => void, ms = 0) => { this.timers.push({ id: ++this.id, at: this.now + ms, work }); return this.id; }) as never;
    globalThis.clearTimeout = ((id: number) => { this.timers = this.timers.filter(timer => timer.id !== id); }) as never;
  }

  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settled();
    for (;;) {
      const next = this.timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter(timer => timer !== next);
      this.now = Math.max(this.now, next.at);
      next.work();
      await settled();
    }
    this.now = end;
  }
}

/** Lets everything run that waits for no timer. */
async function settled(): Promise<void> { for (let turn = 0; turn < 30; turn++) await new Promise(resolve => setImmediate(resolve)); }

class Stream extends EventTarget {
  static all: Stream[] = [];
  static behave: (stream: Stream) => void = () => {};
  closed = false;
  constructor() { super(); Stream.all.push(this); queueMicrotask(() => Stream.behave(this)); }
  close(): void { this.closed = true; }
  tell(event: string): void { if (!this.closed) this.dispatchEvent(new Event(event)); }
}

const python = {
  around: null as Around | null, failures: 0, lost: [] as number[], went: 0,
  syncAround(around: Around) { this.around = around; },
  syncState: () => ({}),
  syncFailed(_: number | null, __: number, retryAfterMs: number | null) { this.failures++; return Math.max(FAILED_MS, retryAfterMs ?? 0); },
  problems: [] as string[],
  syncStuck(problem: string) { this.problems.push(problem); return FAILED_MS; },
  pollMs: (events: boolean) => events ? POLL_WITH_EVENTS_MS : POLL_MS,
  nudged: (since: number) => Math.max(0, NUDGE_MS - since),
  eventsLost(lived: number) { this.lost.push(lived); return 2_000 * 2 ** this.lost.length; },
  uploadGo() { this.went++; },
  uploadNext: () => null,
};
const device = {
  user: 'lin', recordKey: '',
  withPython: async (work: (given: typeof python) => unknown) => work(python),
  request: async () => new Uint8Array(1),
  takeAnswer: async () => ({ received: { pulled: 0, receipts: [], refused: [], directory: null, shared: null, ended: true }, wait: 1 }),
  learnCarryKeys: async () => {},
};

let clock: Clock;
let asked: number[];
let answer: () => Response | Promise<Response>;
let exchanges: Exchanges;
const down = (): Response => { throw new TypeError('no network'); };
const up = (): Response => new Response(new Uint8Array(1));

beforeEach(async () => {
  exchanges?.stop();
  Object.assign(globalThis, { self: new EventTarget(), EventSource: Stream });
  clock = new Clock();
  clock.install();
  asked = [];
  Object.assign(python, { around: null, failures: 0, lost: [], went: 0, problems: [] });
  Stream.all = [];
  Stream.behave = stream => stream.tell('log');
  answer = up;
  globalThis.fetch = async url => {
    if (url === '/me') return Response.json({ user: 'lin', name: 'Lin', csrf: 'c', record_key: '' });
    asked.push(clock.now);
    return await answer();
  };
  exchanges = new Exchanges(device as unknown as Device, () => {}, () => ({ attended: true, lowBattery: true, saveData: false }));
});

/** How often the record is asked while this much time passes. */
async function times(ms: number): Promise<number> {
  const before = asked.length;
  await clock.pass(ms);
  return asked.length - before;
}

test('what the machine must be sparing with is known before every exchange', async () => {
  exchanges.start();
  await clock.pass(1_000);
  assert.deepEqual(python.around, { attended: true, lowBattery: true, saveData: false });
});

test('a record that asks for patience gets it, whatever happens here; only a person’s word goes before', async () => {
  answer = () => new Response('', { status: 503, headers: { 'retry-after': '60' } });
  exchanges.start();
  assert.equal(await times(1_000), 1);
  exchanges.kick();
  await exchanges.nudge(true);
  self.dispatchEvent(new Event('online'));
  exchanges.stop();
  exchanges.start();
  assert.equal(await times(55_000), 0);
  answer = up;
  assert.equal(await exchanges.now(), true);
  assert.equal(asked.length, 2);
  assert.equal(python.went, 1);
});

test('after that time it is asked again by itself', async () => {
  answer = () => new Response('', { status: 429, headers: { 'retry-after': '60' } });
  exchanges.start();
  assert.equal(await times(59_000), 1);
  assert.equal(await times(2_000), 1);
});

test('somebody’s doing brings the next attempt forward where nothing was reached, but not every time', async () => {
  answer = down;
  exchanges.start();
  assert.equal(await times(500), 1);
  for (let click = 0; click < 10; click++) await exchanges.nudge(false);
  assert.equal(await times(NUDGE_MS), 1);
  assert.equal(await times(5_000), 0);
  await exchanges.nudge(false);
  assert.equal(await times(1), 1);
});

test('what is done online causes nothing; the network that comes back does', async () => {
  exchanges.start();
  await clock.pass(5_000);
  await exchanges.nudge(false);
  assert.equal(await times(5_000), 0);
  await exchanges.nudge(true);
  assert.equal(await times(1), 1);
  self.dispatchEvent(new Event('online'));
  assert.equal(await times(1), 1);
});

test('a person who asks for contact hears whether the record was there', async () => {
  answer = down;
  exchanges.start();
  await clock.pass(500);
  assert.equal(await exchanges.now(), false);
  assert.equal(asked.length, 2);
  assert.equal(await times(FAILED_MS), 1, 'and it goes on by itself');
});

test('wake-ups that arrive make the device look seldom', async () => {
  exchanges.start();
  await clock.pass(1_000);
  assert.equal(Stream.all.length, 1);
  assert.equal(await times(POLL_WITH_EVENTS_MS - 2_000), 0);
  Stream.all[0]!.tell('log');
  assert.equal(await times(200), 1);
});

test('a proxy that keeps wake-ups to itself makes the device look by itself', async () => {
  Stream.behave = () => {};
  exchanges.start();
  assert.equal(await times(10 * POLL_MS), 11);
  assert.equal(Stream.all.length, 1);
});

test('a proxy that refuses wake-ups is not asked in a loop, and the device looks by itself', async () => {
  Stream.behave = stream => stream.tell('error');
  exchanges.start();
  assert.equal(await times(10 * POLL_MS), 11);
  assert.ok(Stream.all.length > 1 && Stream.all.length < 8, String(Stream.all.length));
  assert.ok(python.lost.every(lived => lived === 0));
});

test('a stream that ends after it worked is followed by a look, then it is opened again', async () => {
  exchanges.start();
  await clock.pass(70_000);
  Stream.all[0]!.tell('error');
  assert.equal(await times(200), 1);
  assert.deepEqual(python.lost.map(lived => lived > 60_000), [true]);
  await clock.pass(POLL_MS + 200);
  assert.equal(Stream.all.length, 2);
});

test('a restored record takes a device in once its person signed in anew; until then the device says so', async () => {
  let fresh = false, known = false;
  globalThis.fetch = async url => {
    if (url === '/me') return Response.json({ user: 'lin', name: 'Lin', csrf: 'c', record_key: '' });
    if (url !== '/devices/return') return known ? up() : Response.json({ error: { code: 'device_unknown' } }, { status: 403 });
    known = fresh;
    return fresh ? Response.json({ device: 'd', code: 'K7Q' }, { status: 201 }) : Response.json({ error: { code: 'sign_in_again' } }, { status: 403 });
  };
  const returning = { ...device, returnTo: async (csrf: string) => await returnToRecord(csrf, { text: '{}', sig: '' }) !== null };
  exchanges = new Exchanges(returning as unknown as Device, () => {}, () => ({ attended: true, lowBattery: false, saveData: false }));
  exchanges.start();
  await clock.pass(1_000);
  assert.deepEqual(python.problems, ['sign_in_again']);
  assert.equal(python.failures, 0, 'it is no device that nobody knows');
  fresh = true;
  await clock.pass(FAILED_MS);
  assert.equal(known, true);
  assert.equal(await exchanges.now(), true);
});
