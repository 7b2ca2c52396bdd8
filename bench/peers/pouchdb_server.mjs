// express-pouchdb over PouchDB's own files, with the cases as documents that hold a list of texts.
import fs from 'node:fs';
import express from 'express';
import expressPouchDB from 'express-pouchdb';
import PouchDB from 'pouchdb';
import { lines, serve } from './talk.mjs';

let address;
async function ask(path, method = 'GET', body = undefined) {
  const answer = await fetch(address + path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

await serve({
  async start({ folder }) {
    fs.mkdirSync(`${folder}/pouchdb`);
    const app = express();
    const Kept = PouchDB.defaults({ prefix: `${folder}/pouchdb/` });
    app.use(expressPouchDB(Kept, { mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: `${folder}/pouchdb.log` }));
    const server = await new Promise(done => { const made = app.listen(0, '127.0.0.1', () => done(made)); });
    const { port } = server.address();
    address = `http://127.0.0.1:${port}/cases`;
    await ask('', 'PUT');
    const docs = lines(`${folder}/cases.jsonl`).map(({ id, texts }) => ({ _id: id, acts: texts }));
    for (let at = 0; at < docs.length; at += 200) await ask('/_bulk_docs', 'POST', { docs: docs.slice(at, at + 200) });
    return { port };
  },
  async week({ folder }) {
    for (const { where, id, text } of lines(`${folder}/week.jsonl`)) {
      if (where !== 'there') continue;
      const document = await ask(`/${id}`);
      await ask(`/${id}`, 'PUT', { ...document, acts: [...document.acts, text] });
    }
    return {};
  },
});
