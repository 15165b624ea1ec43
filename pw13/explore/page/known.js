// The set of known names as a Bloom filter (names.py): a known name is always found, a new one nearly never.

function fnv(bytes, base) {
  let value = base;
  for (const byte of bytes) value = Math.imul(value ^ byte, 16777619);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function isKnown(known, text) {
  const bytes = new TextEncoder().encode(text), count = known.bits.length * 8;
  const [first, second] = known.bases.map((base) => fnv(bytes, base));
  for (let index = 0; index < known.hashes; index++) {
    const bit = (first + index * ((second | 1) >>> 0)) % count;
    if (!(known.bits[bit >> 3] & (128 >> (bit & 7)))) return false;
  }
  return true;
}
