// Where a photograph says that it was taken. Reads the GPS part of a JPEG's EXIF and nothing else; whatever the bytes
// are, it gives a place or none.
const SOI = 0xffd8, APP1 = 0xffe1, SOS = 0xffda;
const GPS_DIRECTORY = 0x8825;
const ENTRIES_MAX = 200;

/** "lat,lon" in degrees with five decimals (about a metre), or '' when the photograph does not say. */
export function placeOf(bytes: Uint8Array): string {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint16(0) !== SOI) return '';
    for (let at = 2; at + 4 <= view.byteLength;) {
      const marker = view.getUint16(at), length = view.getUint16(at + 2);
      if (marker === SOS || length < 2) return '';
      if (marker === APP1 && ascii(view, at + 4, 6) === 'Exif\0\0') return fromTiff(new DataView(view.buffer, view.byteOffset + at + 10, length - 8));
      at += 2 + length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // cut or crooked: it says no place
  }
  return '';
}

function fromTiff(view: DataView): string {
  const order = ascii(view, 0, 2);
  if (order !== 'II' && order !== 'MM') return '';
  const little = order === 'II';
  const first = entries(view, view.getUint32(4, little), little);
  const gps = first.get(GPS_DIRECTORY);
  if (gps === undefined) return '';
  const found = entries(view, view.getUint32(gps + 8, little), little);
  const [latitude, longitude] = [degrees(view, found, 1, 2, little), degrees(view, found, 3, 4, little)];
  if (latitude === null || longitude === null || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return '';
  return `${latitude.toFixed(5)},${longitude.toFixed(5)}`;
}

/** Where the entry of each tag stands. */
function entries(view: DataView, at: number, little: boolean): Map<number, number> {
  const found = new Map<number, number>();
  const count = Math.min(view.getUint16(at, little), ENTRIES_MAX);
  for (let entry = 0; entry < count; entry++) found.set(view.getUint16(at + 2 + entry * 12, little), at + 2 + entry * 12);
  return found;
}

function degrees(view: DataView, found: Map<number, number>, reference: number, value: number, little: boolean): number | null {
  const [side, entry] = [found.get(reference), found.get(value)];
  if (side === undefined || entry === undefined) return null;
  const at = view.getUint32(entry + 8, little);
  const part = (index: number): number => view.getUint32(at + index * 8, little) / view.getUint32(at + index * 8 + 4, little);
  const all = part(0) + part(1) / 60 + part(2) / 3600;
  if (!Number.isFinite(all)) return null;
  return 'SW'.includes(String.fromCharCode(view.getUint8(side + 8))) ? -all : all;
}

function ascii(view: DataView, at: number, count: number): string {
  return Array.from({ length: count }, (_, index) => String.fromCharCode(view.getUint8(at + index))).join('');
}
