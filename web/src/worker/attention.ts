// Whether somebody works here: only what people do counts, not pages that refresh themselves or look for alerts.
import type { Op } from '../shared/protocol.ts';

const ATTENDED_MS = 120_000;
export const LOCK_AFTER_MINUTES = 15;
// What pages ask for without anybody: to look alive, to refresh what is shown, to keep a draft, to show a picture.
const BY_THEMSELVES: ReadonlySet<Op> = new Set<Op>(['ping', 'state', 'timings', 'problem', 'respond', 'draft', 'saveDraft', 'openFile', 'power', 'passkeys', 'syncNow', 'retire']);

export class Attention {
  private at = performance.now();

  /** Takes note of what a page asks for. */
  heard(op: Op): void { if (!BY_THEMSELVES.has(op)) this.at = performance.now(); }

  /** Milliseconds since somebody did something. */
  get silence(): number { return performance.now() - this.at; }

  /** Whether a device that is open has to lock itself now, because nobody has done anything for so long. */
  locks(isOpen: boolean): boolean { return isOpen && this.silence > LOCK_AFTER_MINUTES * 60_000; }

  /** Whether somebody was here a moment ago. */
  get isHere(): boolean { return this.silence < ATTENDED_MS; }
}
