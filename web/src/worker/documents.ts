// Case documents as Automerge knows them: one list `acts`, one change an act, all from the same first bytes.
// Gives and takes binaries only; nothing is kept in memory between two calls.
import * as Automerge from '@automerge/automerge/slim';
import { fromHex, type Bytes } from '../shared/bytes.ts';

interface CaseDocument { acts: Automerge.ImmutableString[] }

/** The first change of every case; its hash names it as a cause but it never travels. */
export const GENESIS = fromHex('856f4a83c11f3a50012f001000000000000000000000000000000000010100000005150634014202560270027f0461637473017f027f007f00');

/** A fresh actor for every start of the worker, and after a refusal: a stable one gets documents stuck when a profile is
 * cloned, or when what was refused comes back. */
export function newActor(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Appends an act at the end of the case's list; `binary` is null for a new case. */
export function appendAct(binary: Bytes | null, actor: string, text: string): { binary: Bytes; change: Bytes } {
  let document = open(binary, actor);
  try {
    document = Automerge.change(document, { time: 0 }, draft => { draft.acts.push(new Automerge.ImmutableString(text)); });
    const change = Automerge.getLastLocalChange(document);
    if (!change) throw new Error('Automerge made no change');
    return { binary: copy(Automerge.save(document)), change: copy(change) };
  } finally {
    Automerge.free(document);
  }
}

/** Takes changes from the record; throws when one lacks its causes. */
export function applyChanges(binary: Bytes | null, actor: string, changes: readonly Bytes[]): Bytes {
  let document = open(binary, actor);
  try {
    [document] = Automerge.applyChanges(document, [...changes]);
    if (Automerge.getMissingDeps(document, []).length) throw new Error('a change came before its causes');
    return copy(Automerge.save(document));
  } finally {
    Automerge.free(document);
  }
}

/**
 * The document without some changes and everything that came to depend on them. When nothing would be left it stays
 * whole: what is written next would begin the case a second time, which can never be taken.
 */
export function withoutChanges(binary: Bytes, actor: string, refused: ReadonlySet<string>): Bytes {
  const document = open(binary, actor);
  const kept: Bytes[] = [];
  try {
    const gone = new Set(refused);
    for (const change of Automerge.getAllChanges(document)) {
      const { hash, deps } = Automerge.decodeChange(change);
      if (gone.has(hash) || deps.some(dep => gone.has(dep))) gone.add(hash);
      else if (deps.length) kept.push(copy(change)); // the first change of every case is there already
    }
  } finally {
    Automerge.free(document);
  }
  return kept.length ? applyChanges(null, actor, kept) : binary;
}

/** Every act's change in a document by its hash. */
export function changesOf(binary: Bytes | null): Map<string, Bytes> {
  const found = new Map<string, Bytes>();
  if (!binary) return found;
  const document = Automerge.load<CaseDocument>(binary);
  try {
    for (const change of Automerge.getAllChanges(document)) found.set(Automerge.decodeChange(change).hash, copy(change));
  } finally {
    Automerge.free(document);
  }
  return found;
}

function open(binary: Bytes | null, actor: string): Automerge.Doc<CaseDocument> {
  if (binary) return Automerge.load<CaseDocument>(binary, { actor });
  return Automerge.loadIncremental(Automerge.init<CaseDocument>({ actor }), GENESIS);
}

// Automerge's answers may be views into its own memory.
function copy(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}
