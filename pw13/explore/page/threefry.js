// Threefry-2x32-20 (Salmon et al. 2011), as pw13/system/threefry.py: a draw is a function of seed, stream and number.

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

function threefry2x32(key0, key1, first, second) {
  const schedule = [key0, key1, 0x1bd11bda ^ key0 ^ key1];
  first = (first + key0) | 0;
  second = (second + key1) | 0;
  for (let round = 0; round < 20; round++) {
    const rotation = ROTATIONS[round % 8];
    first = (first + second) | 0;
    second = ((second << rotation) | (second >>> (32 - rotation))) ^ first;
    if (round % 4 === 3) {
      const count = (round >> 2) + 1;
      first = (first + schedule[count % 3]) | 0;
      second = (second + schedule[(count + 1) % 3] + count) | 0;
    }
  }
  return [first >>> 0, second >>> 0];
}

// Uniform in [0, 1) with 53 random bits.
function uniform(seed, stream, draw) {
  const [first, second] = threefry2x32(seed % 2 ** 32, Math.floor(seed / 2 ** 32), stream, draw);
  return ((first >>> 5) * 2 ** 26 + (second >>> 6)) * 2 ** -53;
}

const newSeed = () => crypto.getRandomValues(new Uint32Array(1))[0] % 100000;
