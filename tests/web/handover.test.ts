// The keys of an open device between two pages: asked for in time, given once, never kept for long.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Handover, type LeavingPage } from '../../web/src/service-worker/handover.ts';
import type { HandedKeys, HandoverAsk } from '../../web/src/shared/protocol.ts';

const KEYS = { who: 'shouwen' } as HandedKeys;

function page(hands: HandedKeys | null | 'nothing', visibilityState = 'visible'): LeavingPage & { asked: number } {
  return {
    visibilityState, asked: 0,
    postMessage(message, [line]) {
      assert.equal(message, 'leaving');
      this.asked++;
      if (hands !== 'nothing') (line as MessagePort).postMessage(hands);
      else (line as MessagePort).close();
    },
  };
}

async function asked(handover: Handover, what: HandoverAsk): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  const heard = new Promise(resolve => { port1.onmessage = ({ data }) => resolve(data); });
  handover.answer(what, port2);
  const answer = await heard;
  port1.close();
  return answer;
}

test('keys that a page handed over are given once', async () => {
  const handover = new Handover();
  assert.equal(await asked(handover, 'keys?'), false);
  await handover.gather([page(KEYS)]);
  assert.equal(await asked(handover, 'keys?'), true);
  assert.deepEqual(await asked(handover, 'give'), KEYS);
  assert.equal(await asked(handover, 'give'), null);
});

test('a locked device hands nothing over, a page in the background is not asked, one that hangs is not waited for', async () => {
  const handover = new Handover();
  const hidden = page(KEYS, 'hidden');
  await handover.gather([page(null), hidden]);
  assert.equal(await asked(handover, 'keys?'), false);
  assert.equal(hidden.asked, 0);
  await handover.gather([page('nothing'), page(KEYS)]);
  assert.equal(await asked(handover, 'keys?'), true);
  handover.answer('forget', undefined);
});

test('keys are forgotten when a page says so, and after half a minute by themselves', async () => {
  const handover = new Handover();
  await handover.gather([page(KEYS)]);
  handover.answer('forget', undefined);
  assert.equal(await asked(handover, 'keys?'), false);
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    await handover.gather([page(KEYS)]);
    mock.timers.tick(29_999);
    assert.equal(await asked(handover, 'keys?'), true);
    mock.timers.tick(1);
    assert.equal(await asked(handover, 'give'), null);
  } finally { mock.timers.reset(); }
});
