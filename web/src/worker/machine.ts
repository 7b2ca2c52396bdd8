// The machine under the app, as far as a browser tells: how much room there is, and when there is none.
import type { Machine } from './python.ts';

/** How full this browser's storage is, and whether it promised to keep it; null where it does not say. */
export async function machineStorage(): Promise<Omit<Machine, 'clock_offset_ms'>> {
  const storage = (globalThis.navigator as Navigator | undefined)?.storage;
  const [estimate, kept] = await Promise.all([
    storage?.estimate?.().catch(() => null) ?? null, storage?.persisted?.().catch(() => null) ?? null,
  ]);
  return { storage_used: estimate?.usage ?? null, storage_quota: estimate?.quota ?? null, storage_kept: kept };
}

/** How much of the storage that the browser grants is used; 0 where it does not say. */
export async function usedStoragePercent(): Promise<number> {
  const { storage_used: used, storage_quota: quota } = await machineStorage();
  return used && quota ? 100 * used / quota : 0;
}

export function isStorageFull(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'QuotaExceededError';
}
