// automerge-repo with its own WebSocket client adapter; converged when every document has the heads that it must have.
import * as A from '@automerge/automerge';
import { Repo } from '@automerge/automerge-repo';
import { WebSocketClientAdapter } from '@automerge/automerge-repo-network-websocket';
import { lines, serve } from './talk.mjs';
import { applied, build, documentId } from './automerge_cases.mjs';

let ids = [];
let repo;
let handles = new Map();
const sleep = milliseconds => new Promise(done => { setTimeout(done, milliseconds); });
// A repo says «unavailable» while a server is busy: then it is asked again.
async function seek(id) {
  for (;;) {
    try { handles.set(id, await repo.find(`automerge:${documentId(id)}`)); return; } catch { await sleep(1000); }
  }
}
const headsOf = handle => A.getHeads(handle.doc()).sort().join();

await serve({
  async load({ folder }) {
    repo = new Repo({ sharePolicy: async () => true, peerId: 'client' });
    const cases = lines(`${folder}/cases.jsonl`);
    ids = cases.map(({ id }) => id);
    handles = new Map(cases.map(({ id, changes }) => [id, repo.import(build(changes), { docId: documentId(id) })]));
    return {};
  },
  async week({ folder }) {
    for (const { where, id, change } of lines(`${folder}/week.jsonl`)) if (where === 'here') handles.get(id).update(document => applied(document, change));
    return {};
  },
  // Connects, and waits until every document was spoken of and has the expected heads.
  async sync({ port, expected, limit, fresh }) {
    if (fresh) { repo = new Repo({ sharePolicy: async () => true, peerId: 'client' }); handles = new Map(); }
    const adapter = new WebSocketClientAdapter(`ws://127.0.0.1:${port}`, 1000);
    const heard = new Set();
    let messages = 0;
    const send = adapter.send.bind(adapter);
    adapter.send = message => { messages += 1; return send(message); };
    adapter.on('message', message => { messages += 1; if (message.documentId) heard.add(message.documentId); });
    repo.networkSubsystem.addNetworkAdapter(adapter);
    if (fresh) for (const id of Object.keys(expected)) void seek(id);
    const begun = performance.now();
    const left = new Set(Object.keys(expected));
    while (performance.now() - begun < limit * 1000) {
      for (const id of left) {
        const handle = handles.get(id);
        if (!handle || !heard.has(documentId(id)) || headsOf(handle) !== expected[id]) break;
        left.delete(id);
      }
      if (!left.size) break;
      await sleep(25);
    }
    const converged = !left.size;
    const seconds = (performance.now() - begun) / 1000;
    adapter.disconnect();
    return { seconds, converged, messages, left: left.size };
  },
});
