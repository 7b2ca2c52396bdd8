// PouchDB's own replication between a local database and the server, in whichever direction a step needs.
import PouchDB from 'pouchdb';
import memory from 'pouchdb-adapter-memory';
import { lines, serve } from './talk.mjs';

PouchDB.plugin(memory);
let requests = 0;
const remote = port => new PouchDB(`http://127.0.0.1:${port}/cases`, {
  skip_setup: true, fetch: (url, options) => { requests += 1; return PouchDB.fetch(url, options); },
});
let local = new PouchDB('local', { adapter: 'memory' });
let made = 0;

async function sync(port, fresh) {
  if (fresh) local = new PouchDB(`local${made += 1}`, { adapter: 'memory' });
  requests = 0;
  for (;;) {
    try {
      await local.sync(remote(port), { batch_size: 100 });
      return { requests, documents: (await local.info()).doc_count };
    } catch (error) {
      if (!/network|fetch|ECONN|hang up|aborted|reset/i.test(String(error?.message ?? error))) throw error;
    }
  }
}

await serve({
  sync: ({ port, fresh }) => sync(port, fresh),
  async week({ folder }) {
    for (const { where, id, text } of lines(`${folder}/week.jsonl`)) {
      if (where !== 'here') continue;
      const document = await local.get(id);
      await local.put({ ...document, acts: [...document.acts, text] });
    }
    return {};
  },
});
