// Sends photographs and papers after the acts, chunk by chunk. What to send next and how long to wait is decided in
// py_core/uploads.py.
import { askStanding, sendChunk } from '../shared/sending.ts';
import { Refusal } from '../shared/protocol.ts';
import type { Device } from './device.ts';

const RETRY_MS = 60_000;
const TELL_MS = 700; // pages hear of progress no more often

export class Uploading {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private stopped = true;
  private csrf = '';
  private toldAt = 0;

  /** `moved` hears of progress; its argument says that a content has arrived. */
  constructor(private readonly device: Device, private readonly moved: (arrived: boolean) => void) {}

  stop(): void { this.stopped = true; clearTimeout(this.timer); }

  /** Goes on with what waits; called after every exchange, so acts always come first. */
  kick(csrf: string): void {
    this.csrf = csrf;
    this.stopped = false;
    clearTimeout(this.timer);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    let wait: number | null = RETRY_MS;
    try {
      do wait = await this.step(); while (wait === 0 && !this.stopped);
    } catch (error) {
      if (error instanceof Refusal && error.code === 'locked') wait = null;
    } finally {
      this.running = false;
    }
    if (wait !== null && !this.stopped) this.timer = setTimeout(() => this.kick(this.csrf), wait);
  }

  /** Does one step; gives the wait until the next, null when there is none. */
  private async step(): Promise<number | null> {
    const step = await this.device.withPython(python => python.uploadNext());
    if (!step) return null;
    const began = performance.now();
    const stood = step.do === 'ask' ? await askStanding(step.sha256)
      : await sendChunk(step.sha256, step.offset, step.total, await this.device.part(step.sha256, step.offset, step.length), this.csrf);
    const taken = stood.status === 200 || stood.status === 204;
    if (!taken) {
      const wait = await this.device.withPython(python => python.uploadFailed(step.sha256, stood.status, stood.offset, Math.random(), stood.retryAfterMs));
      this.moved(false);
      return wait;
    }
    const took = Math.round(performance.now() - began);
    if (stood.complete) await this.device.contentSent(step.sha256); // on the disk first, then believed
    const arrived = await this.device.withPython(python => python.uploadMoved(step.sha256, stood.offset, stood.complete, took));
    if (arrived || performance.now() - this.toldAt > TELL_MS) { this.toldAt = performance.now(); this.moved(arrived); }
    return 0;
  }
}
