// The unmodified automerge-repo client from npm, told by lines of JSON on standard input what to do.
import readline from 'node:readline';
import { ImmutableString } from '@automerge/automerge';
import { Repo } from '@automerge/automerge-repo';
import { WebSocketClientAdapter } from '@automerge/automerge-repo-network-websocket';

const repo = new Repo({ network: [new WebSocketClientAdapter(process.argv[2], 200)] });
// A client that has no peer after a second calls every document unavailable, and a busy machine takes that long.
const met = new Promise(resolve => { repo.networkSubsystem.once('peer', resolve); });
const handles = new Map();
const say = value => process.stdout.write(`${JSON.stringify(value)}\n`);

async function handleOf(id) {
  if (!handles.has(id)) {
    const handle = await repo.find(`automerge:${id}`, { allowableStates: ['ready', 'unavailable'] });
    handle.on('ephemeral-message', ({ message }) => say({ told: message }));
    // Not `handle.doc()`: the client tells of a document's first change before it calls the handle ready.
    handle.on('change', ({ doc }) => say({ changed: id, acts: doc.acts?.length }));
    handles.set(id, handle);
  }
  return handles.get(id);
}

const jobs = {
  async read({ id }) {
    const handle = await handleOf(id);
    if (!handle.isReady()) return { unavailable: id };
    return { acts: [...handle.doc().acts].map(act => String(act)), heads: handle.heads().length };
  },
  async append({ id, text }) {
    const handle = await handleOf(id);
    handle.change(document => { document.acts.push(new ImmutableString(text)); }, { time: 0 });
    return { appended: true };
  },
  async actor({ id }) {
    return { actor: (await import('@automerge/automerge')).getActorId((await handleOf(id)).doc()) };
  },
  async begin({ id, bytes }) {
    const handle = repo.import(Uint8Array.from(Buffer.from(bytes, 'hex')), { docId: id });
    handle.on('ephemeral-message', ({ message }) => say({ told: message }));
    handles.set(id, handle);
    return { begun: true };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  try {
    await met;
    say({ did: job.do, ...(await jobs[job.do](job)) });
  } catch (error) {
    say({ did: job.do, error: String(error) });
  }
}
process.exit(0);
