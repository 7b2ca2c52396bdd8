// Cases as automerge-repo's documents, from the same change bytes as ours.
import * as A from '@automerge/automerge';
import { parseAutomergeUrl, stringifyAutomergeUrl } from '@automerge/automerge-repo';

const bytes = hex => Uint8Array.from(Buffer.from(hex, 'hex'));
export const documentId = id => parseAutomergeUrl(stringifyAutomergeUrl({ documentId: bytes(id) })).documentId;
export const build = changes => A.save(A.applyChanges(A.init(), changes.map(bytes))[0]);
export const applied = (document, change) => A.applyChanges(document, [bytes(change)])[0];
