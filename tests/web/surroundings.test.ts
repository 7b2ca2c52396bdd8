// Who is here and what the machine must be sparing with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bridge } from '../../web/src/page/bridge.ts';
import { reportPower } from '../../web/src/page/surroundings.ts';
import type { Power } from '../../web/src/shared/protocol.ts';
import { Attention } from '../../web/src/worker/attention.ts';

class FakeBridge extends EventTarget {
  told: Power[] = [];
  async call(_: 'power', power: Power): Promise<true> { this.told.push(power); return true; }
}
const battery = (charging: boolean, level: number): EventTarget & { charging: boolean; level: number } => Object.assign(new EventTarget(), { charging, level });

test('a low battery and the wish to save data are told at once, at every change, and to a worker that is new', async () => {
  const bridge = new FakeBridge();
  const power = battery(false, 0.6);
  const connection = Object.assign(new EventTarget(), { saveData: false });
  await reportPower(bridge as unknown as Bridge, { getBattery: async () => power, connection });
  power.level = 0.5;
  power.dispatchEvent(new Event('levelchange'));
  power.level = 0.2;
  power.dispatchEvent(new Event('levelchange'));
  power.charging = true;
  power.dispatchEvent(new Event('chargingchange'));
  connection.saveData = true;
  connection.dispatchEvent(new Event('change'));
  bridge.dispatchEvent(new Event('restarted'));
  assert.deepEqual(bridge.told.map(({ lowBattery, saveData }) => [lowBattery, saveData]), [[false, false], [true, false], [false, false], [false, true], [false, true]]);
});

test('a browser that tells nothing spares nothing', async () => {
  const bridge = new FakeBridge();
  await reportPower(bridge as unknown as Bridge, {});
  await reportPower(bridge as unknown as Bridge, { getBattery: () => Promise.reject(new Error('not allowed')) });
  assert.deepEqual(bridge.told, [{ lowBattery: false, saveData: false }, { lowBattery: false, saveData: false }]);
});

test('a page that refreshes itself is nobody’s presence and an idle device locks itself; a key or a touch keeps it open', () => {
  let now = 0;
  performance.now = () => now;
  const attention = new Attention();
  now = 20 * 60_000;
  for (const op of ['ping', 'state', 'respond', 'saveDraft', 'openFile', 'power'] as const) attention.heard(op);
  assert.deepEqual([attention.silence, attention.isHere], [20 * 60_000, false]);
  assert.deepEqual([attention.locks(true), attention.locks(false)], [true, false]);
  attention.heard('active');
  assert.deepEqual([attention.silence, attention.isHere, attention.locks(true)], [0, true, false]);
  now += 15 * 60_000;
  assert.equal(attention.locks(true), false);
  now += 1;
  assert.equal(attention.locks(true), true, 'a quarter of an hour is over');
});
