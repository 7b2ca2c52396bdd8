// How hard a passphrase is to guess, judged where it is typed and again where the key is made: it protects a stolen disk,
// where nobody counts the tries. The same rule as server/passwords.py (there the why of each number stands), held to it by
// tests/vectors/passphrases.json.
import common from '../../../server/common_words.json';

export const CHARACTERS_MIN = 12;
export const STRONG_CHARACTERS_MIN = 8;
/** 0 too short, 1 weak (refused like 0), 2 fair, 3 good. */
export type Strength = 0 | 1 | 2 | 3;

const FAIR = 40;
const STRONG = 55;
const BITS = { name: 4, common: 8, number: 10, run: 5, repeat: 3 };
type Easy = keyof typeof BITS;
const FOLDED: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i', '|': 'i', l: 'i' };
const ROWS = ['1234567890-=', '!@#$%^&*()_+', 'qwertyuiop[]', 'asdfghjkl;\'', 'zxcvbnm,./'];
const SEPARATORS = ' -_.,\'/';
const NUMBERS = [
  /^1[3-9]\d{9}/, /^\d{17}[\dx]/,
  /^(?:19|20)\d\d[-./ ]?(?:1[0-2]|0?[1-9])[-./ ]?(?:3[01]|[12]\d|0?[1-9])-?/,
  /^(?:3[01]|[12]\d|0?[1-9])[-./]?(?:1[0-2]|0?[1-9])[-./]?(?:19|20)\d\d/,
  /^\d\d(?:1[0-2]|0[1-9])(?:3[01]|[12]\d|0[1-9])/, /^(?:19|20)\d\d-?/,
];
const RUN_MIN = 3, STRETCH_MIN = 3, NUMBER_MAX = 20;

/** `own` are words that belong to the person: name, account, unit. */
export function strength(passphrase: string, own: readonly string[] = []): Strength {
  const signs = [...passphrase.normalize('NFKC')];
  if (signs.length < STRONG_CHARACTERS_MIN) return 0;
  const { bits, easy } = guessing(signs, own);
  if (bits >= STRONG) return 3;
  if (bits >= FAIR && signs.length >= CHARACTERS_MIN) return 2;
  return 2 * easy < signs.length && signs.length < CHARACTERS_MIN ? 0 : 1;
}

/** About how many bits somebody has to guess, and how many signs are easy. */
function guessing(signs: string[], own: readonly string[]): { bits: number; easy: number } {
  const low = signs.map(sign => [...sign.toLowerCase()][0]!);
  const folded = low.map(fold);
  const words = { name: known(own), common: COMMON };
  let bits = 0, easy = 0, begun = 0, at = 0;
  while (at < signs.length) {
    const [kind, length] = easiest(low, folded, at, words);
    if (length) {
      bits += loose(signs, begun, at) + BITS[kind];
      easy += length;
      begun = at + length;
    }
    at += length || 1;
  }
  return { bits: bits + loose(signs, begun, signs.length), easy };
}

/** The longest stretch from here that is easy to guess; of equally long ones the kind that is named first. */
function easiest(low: string[], folded: string[], at: number, words: { name: Words; common: Words }): [Easy, number] {
  const piece = low.slice(at, at + NUMBER_MAX).map(sign => common.date_signs.includes(sign) ? '-' : sign).join('');
  const lengths: Record<Easy, number> = {
    name: word(folded, at, words.name),
    common: word(folded, at, words.common),
    number: Math.max(...NUMBERS.map(each => each.exec(piece)?.[0].length ?? 0)),
    run: Math.max(run(low, at, 1), 2 * Math.min(run(low, at, 2), run(low, at + 1, 2))),
    repeat: repeat(folded, at),
  };
  return (Object.entries(lengths) as [Easy, number][]).reduce((best, each) => each[1] > best[1] ? each : best);
}

/** The longest of these words from here; what stands between its signs to part them makes it no harder. */
function word(folded: string[], at: number, { all, longest }: Words): number {
  if (SEPARATORS.includes(folded[at]!)) return 0;
  const places: number[] = [];
  for (let n = at; n < folded.length && places.length < longest; n++) if (!SEPARATORS.includes(folded[n]!)) places.push(n);
  for (let n = places.length; n > 1; n--) if (all.has(places.slice(0, n).map(place => folded[place]!).join(''))) return places[n - 1]! - at + 1;
  return 0;
}

/** How many signs, each or every second one, go on evenly from here, in the alphabet, in numbers, on the keyboard. */
function run(low: string[], at: number, stride: 1 | 2): number {
  const signs = low.slice(at).filter((_, n) => n % stride === 0);
  let ways = signs.length > 1 ? waysBetween(signs[0]!, signs[1]!) : [];
  let end = 1;
  for (; end < signs.length; end++) {
    const kept = waysBetween(signs[end - 1]!, signs[end]!).filter(way => ways.includes(way));
    if (!kept.length) break;
    ways = kept;
  }
  return end >= RUN_MIN ? end : 0;
}

function waysBetween(one: string, other: string): string[] {
  const step = point(other) - point(one);
  const ways = Math.abs(step) <= 1 ? [`sign ${step}`] : [];
  for (const row of ROWS) {
    const moved = row.indexOf(other) - row.indexOf(one);
    if (row.includes(one) && row.includes(other) && Math.abs(moved) === 1) ways.push(`key ${moved}`);
  }
  return ways;
}

function point(sign: string): number {
  const numeral = common.numerals.indexOf(sign);
  return (numeral < 0 ? sign : String(numeral)).codePointAt(0)!;
}

/** How many signs from here are those just before once more. */
function repeat(folded: string[], at: number): number {
  for (let length = Math.min(at, folded.length - at); length > 1; length--) {
    if (folded.slice(at, at + length).join('') === folded.slice(at - length, at).join('')) return length;
  }
  return 0;
}

/** What signs are worth between two easy stretches: those of a word or number less than mixed ones. */
function loose(signs: string[], begun: number, end: number): number {
  let bits = 0;
  for (let at = begun, until; at < end; at = until) {
    const kind = kindOf(signs[at]!);
    for (until = at + 1; until < end && kindOf(signs[until]!) === kind;) until++;
    const stretch = signs.slice(at, until);
    if (kind === 'han') bits += stretch.reduce((sum, sign, n) => sum + (signs.indexOf(sign) < at + n ? 3 : 7), 0);
    else if (kind === 'separator') bits += stretch.length;
    else bits += stretch.length * (stretch.length >= STRETCH_MIN && (kind === 'digit' || kind === 'letter' && isWrittenAsWord(stretch)) ? 3 : 5);
  }
  return bits;
}

function kindOf(sign: string): 'han' | 'letter' | 'digit' | 'separator' | 'other' {
  if (isHan(sign.codePointAt(0)!)) return 'han';
  if (/\p{L}/u.test(sign)) return 'letter';
  return /\p{Nd}/u.test(sign) ? 'digit' : SEPARATORS.includes(sign) ? 'separator' : 'other';
}

/** All small or all capital after the first. */
function isWrittenAsWord([, ...rest]: string[]): boolean {
  return rest.every(sign => sign === sign.toLowerCase()) || rest.every(sign => sign !== sign.toLowerCase());
}

function isHan(at: number): boolean {
  return at >= 0x3400 && at <= 0x9FFF || at >= 0xF900 && at <= 0xFAFF || at >= 0x20000 && at <= 0x3FFFF || at === 0x3007;
}

interface Words { all: ReadonlySet<string>; longest: number }

function known(words: readonly string[]): Words {
  const all = words.map(each => [...each.normalize('NFKC').toLowerCase()].map(fold).filter(sign => !SEPARATORS.includes(sign)));
  return { all: new Set(all.map(each => each.join(''))), longest: Math.max(0, ...all.map(each => each.length)) };
}

function fold(sign: string): string { return FOLDED[sign] ?? sign; }

const COMMON = known(common.words);
