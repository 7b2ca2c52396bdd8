// automerge-repo with its own WebSocket server adapter, every case a document in memory.
import http from 'node:http';
import * as A from '@automerge/automerge';
import { Repo } from '@automerge/automerge-repo';
import { WebSocketServerAdapter } from '@automerge/automerge-repo-network-websocket';
import { WebSocketServer } from 'ws';
import { lines, serve } from './talk.mjs';
import { applied, build, documentId } from './automerge_cases.mjs';

const handles = new Map();

await serve({
  async start({ folder }) {
    const server = http.createServer();
    await new Promise(done => server.listen(0, '127.0.0.1', done));
    const sockets = new WebSocketServer({ server });
    const repo = new Repo({ network: [new WebSocketServerAdapter(sockets)], sharePolicy: async () => false, peerId: 'server' });
    for (const { id, changes } of lines(`${folder}/cases.jsonl`)) handles.set(id, repo.import(build(changes), { docId: documentId(id) }));
    return { port: server.address().port };
  },
  async week({ folder }) {
    for (const { where, id, change } of lines(`${folder}/week.jsonl`)) if (where === 'there') handles.get(id).update(document => applied(document, change));
    return {};
  },
  async heads() { return { heads: Object.fromEntries([...handles].map(([id, handle]) => [id, A.getHeads(handle.doc()).sort().join()])) }; },
});
