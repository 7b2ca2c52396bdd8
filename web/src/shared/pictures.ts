// Makes a chosen file ready to be kept: photographs smaller and drawn anew (which leaves every hidden note of the
// camera behind), papers as they are. Works in the worker and, before the device is prepared, in the page.
import { hex, type Bytes } from './bytes.ts';
import { placeOf } from './exif.ts';
import { Refusal } from './protocol.ts';

/** What the desk's form allows (`data-…` of the field): figures of py_core/cases/attached.py. */
export interface FileLimits { bytes: number; side: number; device: number }
/** A file as an act names it. */
export interface Named { sha256: string; bytes: number; type: string; name: string; place?: string }
export interface Prepared { named: Named; content: Blob; isRedrawn: boolean }

const CHOSEN_BYTES_MAX = 48 * 1024 * 1024;
const QUALITY = 0.82;
const NAME_MAX = 80;
const NOT_IN_NAMES = /[\p{Cc}/\\\u200e\u200f\u2028-\u202e\u2066-\u2069\p{Cs}]/gu;
const MEGABYTE = 1024 * 1024;

/** Throws `file_type`, `file_broken` or `file_too_large` (detail: the limit in MB). */
export async function prepared(file: Blob, name: string, limits: FileLimits, withPlace: boolean): Promise<Prepared> {
  if (file.size > CHOSEN_BYTES_MAX) throw new Refusal('file_too_large', String(CHOSEN_BYTES_MAX / MEGABYTE));
  const isPaper = await beginsWith(file, '%PDF-');
  if (!isPaper && !file.type.startsWith('image/')) throw new Refusal('file_type', name);
  const place = withPlace && !isPaper ? placeOf(new Uint8Array(await file.arrayBuffer())) : '';
  const content = isPaper ? new Blob([file], { type: 'application/pdf' }) : await drawnAnew(file, name, limits.side);
  if (content.size > limits.bytes) throw new Refusal('file_too_large', String(Math.floor(limits.bytes / MEGABYTE)));
  const sha256 = await sha256Of(await content.arrayBuffer());
  const named: Named = { sha256, bytes: content.size, type: content.type, name: nameFor(name, content.type) };
  return { named: place ? { ...named, place } : named, content, isRedrawn: !isPaper };
}

export async function sha256Of(bytes: ArrayBuffer | Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

/** A name that an act may carry, with the ending of what the file is now. */
export function nameFor(name: string, type: string): string {
  const ending = type === 'application/pdf' ? '.pdf' : '.jpg';
  const stem = name.replace(/\.\w{1,8}$/, '').replace(NOT_IN_NAMES, '_').trim() || 'file';
  return [...stem].slice(0, NAME_MAX - ending.length).join('') + ending;
}

async function drawnAnew(file: Blob, name: string, side: number): Promise<Blob> {
  const bitmap = await createImageBitmap(file).catch(() => { throw new Refusal('file_broken', name); });
  try {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale)));
    const pen = canvas.getContext('2d')!;
    pen.fillStyle = '#fff'; // JPEG knows no transparency
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
  } finally {
    bitmap.close();
  }
}

async function beginsWith(file: Blob, text: string): Promise<boolean> {
  return await file.slice(0, text.length).text() === text;
}
