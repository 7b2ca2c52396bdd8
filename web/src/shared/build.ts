// What this build is made of; the values are put in by the bundler.
declare const __BUILD__: string;
declare const __VERSION__: string;
declare const __ASSETS__: { engine: string; automerge: string; library: string; application: string; program: string };

export const BUILD = __BUILD__;
export const APP_VERSION = `${__VERSION__}+${BUILD.slice(0, 12)}`;
export const ASSETS = __ASSETS__;
export const CACHE_PREFIX = 'shouwen-';
export const CACHE = CACHE_PREFIX + BUILD;
/** Says that this device has passed its self-test; holds nothing else. */
export const READY_CACHE = 'ready-for-offline';
export const READY_MARK = '/ready-for-offline';
