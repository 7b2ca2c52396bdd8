// Keeps an open device in contact with the city record: at once after an act, woken by the record's events, by the
// network coming back, else from time to time. What to say and what to believe is decided in py_core/sync.py.
import { Refusal, type SyncState } from '../shared/protocol.ts';
import type { Device } from './device.ts';
import { exchange, fetchMe } from './record.ts';
import { Uploading } from './uploading.ts';

const EVENTS_DEBOUNCE_MS = 100;
const RETRY_MS = 60_000;
const OTHER_PERSON_MS = 5_000;

export class Exchanges {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private events: EventSource | null = null;
  private running = false;
  private again = false;
  private stopped = true;
  private notBefore = 0;
  private csrf = '';
  private pulled = 0;
  private readonly uploading: Uploading;

  /** `changed` hears of every change of the state; its argument says whether cases or directory changed. */
  constructor(private readonly device: Device, private readonly changed: (content: boolean) => void) {
    this.uploading = new Uploading(device, changed);
    self.addEventListener('online', () => { this.notBefore = 0; this.kick(); });
    self.addEventListener('offline', () => this.closeEvents());
  }

  start(): void { this.stopped = false; this.pulled = 0; this.notBefore = 0; this.kick(); }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.uploading.stop();
    this.closeEvents();
  }

  /** Makes contact as soon as possible. A record that asked to be left alone is. */
  kick(): void { this.after(Math.max(0, this.notBefore - performance.now())); }

  async state(): Promise<SyncState> {
    return { ...await this.device.withPython(python => python.syncState()), pulled: this.pulled };
  }

  private after(milliseconds: number): void {
    if (this.stopped) return;
    if (this.running) { this.again = true; return; }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { void this.run(); }, milliseconds);
  }

  private async run(): Promise<void> {
    this.running = true;
    this.again = false;
    let wait = 0;
    try {
      wait = await this.once();
    } catch (error) {
      // What is not stored is not believed: the next exchange repeats it. Locked in the middle: nothing to note.
      const problem = error instanceof DOMException && error.name === 'QuotaExceededError' ? 'storage_full' : 'bad_answer';
      if (!(error instanceof Refusal && error.code === 'locked')) {
        wait = await this.device.withPython(python => python.syncStuck(problem, Math.random())).catch(() => RETRY_MS);
        this.changed(false);
      }
    } finally {
      this.running = false;
    }
    this.after(this.again ? Math.max(0, this.notBefore - performance.now()) : wait);
  }

  private async once(): Promise<number> {
    const before = JSON.stringify(await this.state());
    if (!this.csrf && !await this.identify()) return await this.otherPerson(before);
    const body = await this.device.request();
    const { status, pieces, retryAfterMs } = await exchange(body, this.csrf);
    const taken = status === 200 ? await this.device.takeAnswer(pieces) : null;
    if (!taken) {
      if (status === 401 || status === 403) this.csrf = '';
      if (status === 403 && !await this.identify()) return await this.otherPerson(before);
      const wait = await this.note(status === 200 ? null : status, retryAfterMs);
      this.notBefore = retryAfterMs === null ? 0 : performance.now() + wait;
      this.closeEvents();
      if (before !== JSON.stringify(await this.state())) this.changed(false);
      return wait;
    }
    const { received } = taken;
    this.pulled += received.acts.length;
    const content = received.acts.length + received.receipts.length + received.refused.length > 0 || received.directory !== null;
    if (content || before !== JSON.stringify(await this.state())) this.changed(content);
    this.openEvents();
    this.uploading.kick(this.csrf);
    const idle = await this.device.withPython(python => python.pollMs(this.events !== null));
    return received.end && taken.wait > 0 ? idle : taken.wait;
  }

  private async note(status: number | null, retryAfterMs: number | null): Promise<number> {
    return await this.device.withPython(python => python.syncFailed(status, Math.random(), retryAfterMs));
  }

  /** Somebody else is signed in on this browser: this person's acts wait, they must not go under another name. */
  private async otherPerson(before: string): Promise<number> {
    const wait = await this.device.withPython(python => python.syncStuck('other_person', Math.random()));
    if (before !== JSON.stringify(await this.state())) this.changed(false);
    return Math.max(wait, OTHER_PERSON_MS);
  }

  /** Gets the session's token; false when the session is another person's. Without one the record says what is wrong. */
  private async identify(): Promise<boolean> {
    try {
      const me = await fetchMe();
      if (me.user !== this.device.user) return false;
      this.csrf = me.csrf;
      await this.device.learnCarryKeys(me);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    return true;
  }

  private openEvents(): void {
    if (this.events || this.stopped || typeof EventSource === 'undefined') return;
    const events = new EventSource('/sync/events');
    events.addEventListener('log', () => this.after(EVENTS_DEBOUNCE_MS));
    events.addEventListener('error', () => { if (this.events === events) { this.closeEvents(); this.after(EVENTS_DEBOUNCE_MS); } });
    this.events = events;
  }

  private closeEvents(): void {
    this.events?.close();
    this.events = null;
  }
}
