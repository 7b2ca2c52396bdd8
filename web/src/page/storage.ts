// Says when the storage of this device is nearly full, and whether the browser may clear it: before anything is lost.
// Newer Chromium always answers that much is left; there the first sign is an act that does not fit (storage_full).
import { say, sentences } from './language.ts';
import { strip } from './strip.ts';

const LEFT_BYTES_MIN = 60_000_000; // the next build, the engine's snapshot and some days of work
const FULL_SHARE = 0.9;
const LOOK_MS = 60_000;

export interface Storage { used: number; quota: number; persistent: boolean }

/** Whether there is so little left that a person should act now. */
export function nearlyFull({ used, quota }: Storage): boolean {
  return quota > 0 && (quota - used < LEFT_BYTES_MIN || used / quota > FULL_SHARE);
}

export function watchStorage(): void {
  void showStorage().catch(() => {});
  setInterval(() => { if (document.visibilityState === 'visible') void showStorage().catch(() => {}); }, LOOK_MS);
}

/** The warning above every page, and the line on the sync page. */
export async function showStorage(): Promise<void> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  const storage = { used: usage, quota, persistent: await navigator.storage.persisted() };
  const figures = { used: size(usage), quota: size(quota) };
  if (nearlyFull(storage)) {
    strip('storage', say('The storage of this device is nearly full ({used} of {quota}). Free space on the disk (downloads, recycle bin) and let what waits be sent, or save the outbox as a file on the sync page; an act that does not fit is not recorded, and the page says so.', figures));
  } else strip('storage');
  const place = document.getElementById('storage-setting');
  if (!place) return;
  place.textContent = sentences(
    say('{used} of {quota} are used.', figures),
    storage.persistent
      ? say('The browser promised not to clear this storage by itself.')
      : say('The browser may clear this storage when the disk is full: let waiting acts be sent soon or save the outbox as a file, and never clear the data of this address by hand.'),
  );
}

/** A size as the centre's list of devices shows it: MB, then GB, with one decimal where it says something. */
export function size(bytes: number): string {
  const figure = (bytes / (bytes < 1e9 ? 1e6 : 1e9)).toFixed(1).replace(/\.0$/, '');
  return `${figure} ${bytes < 1e9 ? 'MB' : 'GB'}`;
}
