// Keeps an open device in contact with the city record: at once after an act, woken by the record's events, by the
// network coming back or by somebody who works here, else from time to time. What to say and what to believe is decided
// in py_core/sync.py, how long to wait in py_core/pace.py.
import type { Bytes } from '../shared/bytes.ts';
import { Refusal, type Power, type SyncState } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import { exchange, fetchKeys, fetchMe } from './record.ts';
import { NotSigned } from './receipts.ts';
import { OtherRecord } from './record_keys.ts';
import { Uploading } from './uploading.ts';

const EVENTS_DEBOUNCE_MS = 100;
const RETRY_MS = 60_000;
const ALONE_MS = 24 * 3_600_000; // what pages say of the device's lease is old by then
const HELD_UP_MS = 5_000;

/** What else decides how often to make contact: somebody works here; battery or data are to be saved. */
export interface Around extends Power { attended: boolean }

export class Exchanges {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private dueAt = Infinity;
  private triedAt = -Infinity;
  private events: EventSource | null = null;
  /** When the first wake-up of this stream came; null while nothing proves that they arrive. */
  private eventsSince: number | null = null;
  private eventsNotBefore = 0;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = true;
  private notBefore = 0;
  private online = false;
  private csrf = '';
  private pulled = 0;
  private readonly uploading: Uploading;

  /** `changed` hears of every change of the state; its argument says whether cases or directory changed. */
  constructor(private readonly device: Device, private readonly changed: (content: boolean) => void, private readonly around: () => Around) {
    this.uploading = new Uploading(device, changed);
    self.addEventListener('online', () => this.kick());
    self.addEventListener('offline', () => this.closeEvents());
  }

  start(): void { this.stopped = false; this.pulled = 0; this.kick(); }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.uploading.stop();
    this.closeEvents();
  }

  /** Makes contact as soon as possible. A record that asked to be left alone is. */
  kick(): void { this.after(Math.max(0, this.notBefore - performance.now())); }

  /** Somebody does something here: where there was no network it is worth another try. `back`: the line may be another. */
  async nudge(back: boolean): Promise<void> {
    if (this.stopped || this.running || this.online && !back) return;
    if (back) this.eventsNotBefore = 0;
    const wait = await this.device.withPython(python => python.nudged(Math.round(Math.min(performance.now() - this.triedAt, RETRY_MS))));
    const at = Math.max(this.notBefore, performance.now() + wait);
    if (at < this.dueAt) this.after(Math.max(0, at - performance.now()));
  }

  /** A person asks for contact now: at once, whatever the record asked for, photographs too. True when it came about. */
  async now(): Promise<boolean> {
    await this.device.withPython(python => python.uploadGo());
    await this.running;
    this.notBefore = this.eventsNotBefore = 0;
    clearTimeout(this.timer);
    this.dueAt = Infinity;
    await this.run();
    return this.online;
  }

  async state(): Promise<SyncState> {
    return { ...await this.device.withPython(python => python.syncState()), pulled: this.pulled };
  }

  private after(milliseconds: number): void {
    if (this.stopped) return;
    if (this.running) { this.again = true; return; }
    clearTimeout(this.timer);
    this.dueAt = performance.now() + milliseconds;
    this.timer = setTimeout(() => { void this.run(); }, milliseconds);
  }

  private async run(): Promise<void> {
    if (this.running) { await this.running; return; }
    let wait = RETRY_MS;
    this.running = (async () => { wait = await this.attempt(); })();
    try { await this.running; } finally { this.running = null; }
    this.after(this.again ? Math.max(0, this.notBefore - performance.now()) : wait);
  }

  /** One exchange; gives the wait until the next. */
  private async attempt(): Promise<number> {
    this.again = false;
    try {
      const around = this.around();
      await this.device.withPython(python => python.syncAround(around));
      return await this.once();
    } catch (error) {
      this.online = false;
      // What is not stored is not believed: the next exchange repeats it. Locked in the middle: nothing to note.
      if (error instanceof Refusal && error.code === 'locked') return 0;
      const other = error instanceof OtherRecord ? 'other_record' : 'bad_answer';
      const problem = error instanceof DOMException && error.name === 'QuotaExceededError' ? 'storage_full' : other;
      const wait = await this.device.withPython(python => python.syncStuck(problem, Math.random())).catch(() => RETRY_MS);
      this.changed(false);
      return wait;
    } finally {
      this.triedAt = performance.now();
    }
  }

  private async once(): Promise<number> {
    const before = JSON.stringify(await this.state());
    if (!this.csrf && !await this.identify()) return await this.otherPerson(before);
    const body = await this.device.request();
    const { status, pieces, retryAfterMs } = await exchange(body);
    const taken = status === 200 ? await this.believed(pieces) : null;
    this.online = taken !== null;
    if (!taken) {
      if (status === 401 || status === 403) this.csrf = '';
      if (status === 403 && !await this.identify()) return await this.otherPerson(before);
      const back = status === 403 && this.csrf ? await this.cameBack() : 'no';
      if (back === 'yes') return 0;
      if (back === 'sign_in_again') return await this.heldUp(back, before);
      const wait = await this.note(status === 200 ? null : status, retryAfterMs);
      this.notBefore = retryAfterMs === null ? 0 : performance.now() + wait;
      this.closeEvents();
      if (before !== JSON.stringify(await this.state())) this.changed(false);
      return wait;
    }
    this.notBefore = 0;
    const { received } = taken;
    this.pulled += received.pulled;
    const content = taken.after > ALONE_MS || received.pulled + received.receipts.length + received.refused.length > 0 || received.shared !== null || received.directory !== null;
    if (content || before !== JSON.stringify(await this.state())) this.changed(content);
    this.openEvents();
    this.uploading.kick(this.csrf);
    const idle = await this.device.withPython(python => python.pollMs(this.eventsSince !== null));
    return received.ended && taken.wait > 0 ? idle : taken.wait;
  }

  /** Takes an answer; one under another signature once more, if the record's chain of keys leads to it. */
  private async believed(pieces: Bytes[]): ReturnType<Device['takeAnswer']> {
    try {
      return await this.device.takeAnswer(pieces);
    } catch (error) {
      if (!(error instanceof NotSigned) || !await this.device.followRecordKeys(await fetchKeys())) throw error;
      return await this.device.takeAnswer(pieces);
    }
  }

  /** A record that was restored from before this device's enrolment takes it in by its enrolment record, once its person signed in anew. */
  private async cameBack(): Promise<'yes' | 'no' | 'sign_in_again'> {
    try {
      return await this.device.returnTo(this.csrf) ? 'yes' : 'no';
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.code === 'sign_in_again' ? error.code : 'no';
    }
  }

  private async note(status: number | null, retryAfterMs: number | null): Promise<number> {
    return await this.device.withPython(python => python.syncFailed(status, Math.random(), retryAfterMs));
  }

  /** Somebody else is signed in on this browser: this person's acts wait, they must not go under another name. */
  private async otherPerson(before: string): Promise<number> {
    return await this.heldUp('other_person', before);
  }

  /** Nothing goes out until the person has done something about it in this browser. */
  private async heldUp(problem: string, before: string): Promise<number> {
    const wait = await this.device.withPython(python => python.syncStuck(problem, Math.random()));
    if (before !== JSON.stringify(await this.state())) this.changed(false);
    return Math.max(wait, HELD_UP_MS);
  }

  /** Gets the session's token; false when the session is another person's. Without one the record says what is wrong. */
  private async identify(): Promise<boolean> {
    try {
      const me = await fetchMe();
      if (me.user !== this.device.user) return false;
      this.csrf = me.csrf;
      if (me.recordKey !== this.device.recordKey) await this.device.followRecordKeys(await fetchKeys());
      await this.device.learnCarryKeys(me);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    return true;
  }

  /** Wake-ups count only once one has come: a proxy may keep the stream open and let nothing through. */
  private openEvents(): void {
    if (this.events || this.stopped || typeof EventSource === 'undefined' || performance.now() < this.eventsNotBefore) return;
    const events = new EventSource('/sync/events');
    events.addEventListener('log', () => {
      if (this.events !== events) return;
      this.eventsSince ??= performance.now();
      this.after(EVENTS_DEBOUNCE_MS);
    });
    events.addEventListener('error', () => { if (this.events === events) void this.eventsLost(); });
    this.events = events;
  }

  /** Their stream ended. If they had come through, the record may have gone: a look tells. */
  private async eventsLost(): Promise<void> {
    const lived = this.eventsSince === null ? 0 : performance.now() - this.eventsSince;
    this.closeEvents();
    this.eventsNotBefore = Infinity;
    const wait = await this.device.withPython(python => python.eventsLost(Math.round(lived), Math.random())).catch(() => RETRY_MS);
    this.eventsNotBefore = performance.now() + wait;
    if (lived > 0) this.after(EVENTS_DEBOUNCE_MS);
  }

  private closeEvents(): void {
    this.events?.close();
    this.events = null;
    this.eventsSince = null;
  }
}
