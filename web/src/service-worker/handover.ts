// Keeps the keys of an open device while one page gives way to the next. A SharedWorker ends when a moment without any
// page meets one of the browser's own checks (Chromium looks five minutes after every such moment, and does not mind
// that pages came back in between); without this the next page would ask for the passphrase. The keys can only be used,
// never read, lie in memory alone, and are given away once.
import type { HandedKeys, HandoverAsk } from '../shared/protocol.ts';

const KEPT_MS_MAX = 30_000;
const ANSWER_MS_MAX = 400; // a page that hangs must not stop anybody from leaving it

export interface LeavingPage { visibilityState: string; postMessage(message: unknown, transfer: Transferable[]): void }

export class Handover {
  private kept: HandedKeys | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Before a page is left: those that are looked at save what is typed and let their worker hand its keys over. */
  async gather(pages: readonly LeavingPage[]): Promise<void> {
    const asked = pages.filter(page => page.visibilityState === 'visible').map(page => this.ask(page));
    if (asked.length) await Promise.race([Promise.all(asked), new Promise(resolve => setTimeout(resolve, ANSWER_MS_MAX))]);
  }

  /** What a page that has come asks: whether keys are here, to give them to its worker, to forget them. */
  answer(what: HandoverAsk, port: MessagePort | undefined): void {
    const keys = this.kept;
    if (what === 'keys?') { port?.postMessage(keys !== null); return; }
    this.forget();
    if (what === 'give') port?.postMessage(keys);
  }

  private async ask(page: LeavingPage): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    await new Promise<void>(resolve => {
      port1.onmessage = ({ data }: MessageEvent<HandedKeys | null>) => {
        if (data) this.keep(data);
        port1.close();
        resolve();
      };
      page.postMessage('leaving', [port2]);
    });
  }

  private keep(keys: HandedKeys): void {
    this.forget();
    this.kept = keys;
    this.timer = setTimeout(() => this.forget(), KEPT_MS_MAX);
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.kept = null;
  }
}
