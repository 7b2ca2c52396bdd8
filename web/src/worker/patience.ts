// How long the next try of a passphrase has to wait. What is kept is only how many were wrong: the time is that of this
// program, which nobody can set, so a pause begins anew when the program does.
const FREE_ATTEMPTS = 3;
const PAUSE_MS_MAX = 5 * 60_000;

export class Patience {
  private readonly wrongAt = new Map<string, number>();

  /** `now` is in milliseconds since this program started. */
  constructor(private readonly now = (): number => performance.now()) {}

  /** How long a lock must not be tried yet that was tried wrongly so often; 0 or less: it may be. */
  left(lock: string, failed: number): number { return pause(failed) - (this.now() - (this.wrongAt.get(lock) ?? 0)); }

  /** It was tried wrongly just now, for this many times in all; gives the pause. */
  wrong(lock: string, failed: number): number {
    this.wrongAt.set(lock, this.now());
    return pause(failed);
  }
}

function pause(failed: number): number {
  return failed < FREE_ATTEMPTS ? 0 : Math.min(PAUSE_MS_MAX, 1000 * 2 ** (failed - FREE_ATTEMPTS + 1));
}
