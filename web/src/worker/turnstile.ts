// One after the other: reading, deciding and storing belong together and must not overlap.
export class Turnstile {
  private last: Promise<unknown> = Promise.resolve();

  async run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work, work);
    this.last = mine.catch(() => {});
    return await mine;
  }
}
