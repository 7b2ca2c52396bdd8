// The line from a page to the worker: calls with answers, notices, and a heartbeat that notices a worker that is dead
// or stuck. A stuck SharedWorker cannot be ended from outside, so a successor with another name takes its lock away.
import { BUILD } from '../shared/build.ts';
import { Refusal, type Answer, type Call, type Notice, type Op, type Requests, type WorkerState } from '../shared/protocol.ts';

const PING_MS = 5_000;
const SILENCE_MS_MAX = 30_000; // starting Python on a slow laptop keeps the worker busy for seconds
const CLOSING_MS = 200; // a worker that closes itself needs a moment until its name is free
const GENERATION = 'worker-generation';

type Line = { post(message: unknown, lines?: Transferable[]): void; end(): void };
type Waiting = { resolve(value: never): void; reject(error: Error): void };

export class Bridge extends EventTarget {
  private line: Line;
  private readonly waiting = new Map<number, Waiting>();
  private generation = '0';
  private nextId = 1;
  private heardAt = performance.now();
  state: WorkerState | null = null;

  constructor() {
    super();
    this.line = this.connect();
    setInterval(() => this.beat(), PING_MS);
    addEventListener('pagehide', () => this.line.post('bye'));
    addEventListener('pageshow', event => { if (event.persisted) this.reconnect(); });
  }

  /** Calls the worker; rejects with `Refusal` for what a person can be told. */
  call<O extends Op>(op: O, ...args: Requests[O]['args']): Promise<Requests[O]['answer']> {
    return new Promise((resolve, reject) => {
      const call: Call = { id: this.nextId++, op, args };
      this.waiting.set(call.id, { resolve, reject });
      this.line.post(call, args.filter(each => each instanceof MessagePort));
    });
  }

  /** The state now; a worker of another build is asked to go first. */
  async freshState(): Promise<WorkerState> {
    const state = await this.call('state');
    if (state.build !== BUILD) {
      await this.call('retire');
      await new Promise(resolve => setTimeout(resolve, CLOSING_MS));
      this.reconnect();
      return this.state = await this.call('state');
    }
    return this.state = state;
  }

  /**
   * The state once the worker may work: it waits as long as another tab holds the only right to write. Rejects when what
   * is kept here cannot be opened.
   */
  async workingState(): Promise<WorkerState> {
    let state = await this.freshState();
    while (state.door === 'waiting') {
      if (state.trouble) throw new Refusal(state.trouble.code, state.trouble.detail);
      await new Promise(resolve => this.addEventListener('state', resolve, { once: true }));
      state = this.state!;
    }
    return state;
  }

  private connect(): Line {
    const generation = this.generation = localStorage.getItem(GENERATION) ?? '0';
    const name = `shouwen-${generation}${generation === '0' ? '' : '-successor'}`;
    const options = { type: 'module', name, extendedLifetime: true } as const;
    if (typeof SharedWorker === 'function') {
      const worker = new SharedWorker('/worker.js', options);
      worker.addEventListener('error', () => this.failed());
      const { port } = worker;
      port.onmessage = event => this.heard(event.data);
      return { post: (message, lines = []) => port.postMessage(message, lines), end: () => port.close() };
    }
    const worker = new Worker('/worker.js', { type: 'module', name });
    worker.addEventListener('error', () => this.failed());
    worker.onmessage = event => this.heard(event.data);
    return { post: (message, lines = []) => worker.postMessage(message, lines), end: () => worker.terminate() };
  }

  private heard(message: Answer | Notice): void {
    this.heardAt = performance.now();
    if ('event' in message) {
      this.state = message.state;
      // Its name is not used again: a worker that ends may hold it longer than anybody wants to wait.
      if (message.event === 'broken') { setTimeout(() => this.replaceWorker(message.detail ?? ''), CLOSING_MS); return; }
      this.dispatchEvent(new CustomEvent(message.event, { detail: message }));
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new Refusal(message.failure.code, message.failure.detail));
    else waiting?.resolve(message.value as never);
  }

  private beat(): void {
    // A page in the background is throttled, and a laptop sleeps: only silence that we listened to counts.
    if (document.visibilityState !== 'visible') { this.heardAt = performance.now(); return; }
    void this.call('ping').catch(() => {});
    if (performance.now() - this.heardAt > SILENCE_MS_MAX) this.replaceWorker('no answer');
  }

  private replaceWorker(why: string): void {
    // Another tab that met the same fault may have named the successor already: all of them go to that one.
    if ((localStorage.getItem(GENERATION) ?? '0') === this.generation) localStorage.setItem(GENERATION, String(Number(this.generation) + 1));
    this.reconnect();
    this.dispatchEvent(new CustomEvent('restarted', { detail: why }));
  }

  /** The worker's program could not be loaded or threw outside of any call: whoever waits is told. */
  private failed(): void {
    this.rejectAll('worker could not start');
  }

  private reconnect(): void {
    this.line.end();
    this.line = this.connect();
    this.heardAt = performance.now();
    this.rejectAll('worker restarted');
  }

  private rejectAll(detail: string): void {
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of lost) reject(new Refusal('fault', detail));
  }
}
