// A mark where a browser that needs space does not clear: that it once held somebody's work. It says nothing else.
const SECURE = location.protocol === 'https:';
const MARK = `${SECURE ? '__Host-' : ''}shouwen-held-work`;
const YEAR_SECONDS = 366 * 24 * 60 * 60;

/** Notes that this browser holds work from now on. */
export function markHeldWork(): void {
  document.cookie = `${MARK}=1; path=/; max-age=${YEAR_SECONDS}; samesite=strict${SECURE ? '; secure' : ''}`;
}

/** Whether it held some; where nothing is kept any more, the browser has cleared it. */
export function heldWork(): boolean {
  return document.cookie.split('; ').includes(`${MARK}=1`);
}
