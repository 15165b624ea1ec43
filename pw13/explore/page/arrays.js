// Arrays as `packing.py` writes them: {array: dtype, shape, data: base64 of zlib}. They become typed arrays with a shape.

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array, float16: Uint16Array };

async function unpackArray({ array, shape, data }) {
  const text = atob(data), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i); // several times faster than Uint8Array.from
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const values = new TYPES[array](await new Response(stream).arrayBuffer());
  const result = array === "float16" ? halvesToFloats(values) : values;
  result.shape = shape;
  return result;
}

// IEEE 754 binary16, as its 16 bits.
function halfToFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function halvesToFloats(halves) {
  const known = Float32Array.from({ length: 65536 }, (_, bits) => halfToFloat(bits)), result = new Float32Array(halves.length);
  for (let i = 0; i < result.length; i++) result[i] = known[halves[i]];
  return result;
}

async function unpack(value) {
  if (Array.isArray(value)) return typeof value[0] === "object" ? Promise.all(value.map(unpack)) : value;
  if (value === null || typeof value !== "object") return value;
  if (typeof value.data === "string" && value.array in TYPES) return unpackArray(value);
  const entries = Object.entries(value).map(async ([key, item]) => [key, await unpack(item)]);
  return Object.fromEntries(await Promise.all(entries));
}
