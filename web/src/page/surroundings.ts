// What only a page sees and the exchange with the record must know: somebody is here, the network or the person came
// back, the battery is low, the person asked the browser to save data.
import type { Power } from '../shared/protocol.ts';
import type { Bridge } from './bridge.ts';

const ACTIVITY_MS = 20_000;
const LOW_LEVEL = 0.2;

interface Battery extends EventTarget { charging: boolean; level: number }
interface Machine { getBattery?(): Promise<Battery>; connection?: EventTarget & { saveData?: boolean } }

export function reportSurroundings(bridge: Bridge): void {
  reportActivity(bridge);
  reportReturn(bridge);
  void reportPower(bridge, navigator as unknown as Machine);
}

/** Tells the worker that somebody is there, so that it locks only when nobody is. */
function reportActivity(bridge: Bridge): void {
  let last = -Infinity;
  const report = (): void => {
    if (performance.now() - last < ACTIVITY_MS || bridge.state?.door !== 'open') return;
    last = performance.now();
    void bridge.call('active').catch(() => {});
  };
  for (const kind of ['pointerdown', 'keydown', 'click', 'scroll']) addEventListener(kind, report, { passive: true, capture: true });
}

/** Somebody looks at the page again, or the browser has network again: worth a try at once. */
function reportReturn(bridge: Bridge): void {
  const report = (): void => {
    if (document.visibilityState === 'visible' && bridge.state?.door === 'open') void bridge.call('back').catch(() => {});
  };
  document.addEventListener('visibilitychange', report);
  addEventListener('online', report);
}

/** Now, whenever it changes, and to every worker that takes another's place. */
export async function reportPower(bridge: Bridge, machine: Machine): Promise<void> {
  const battery = await machine.getBattery?.().catch(() => null) ?? null;
  let told = '';
  const report = (again: boolean): void => {
    const power: Power = { lowBattery: battery !== null && !battery.charging && battery.level <= LOW_LEVEL, saveData: machine.connection?.saveData === true };
    if (!again && told === JSON.stringify(power)) return;
    told = JSON.stringify(power);
    void bridge.call('power', power).catch(() => {});
  };
  battery?.addEventListener('chargingchange', () => report(false));
  battery?.addEventListener('levelchange', () => report(false));
  machine.connection?.addEventListener('change', () => report(false));
  bridge.addEventListener('restarted', () => report(true));
  report(true);
}
