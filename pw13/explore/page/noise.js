// Noise and the filters against it: images are arrays of pixels in [0, 1].

const clip = (x) => Math.min(1, Math.max(0, x));

// The draws of a seed stay when the level changes, so that a slider shows the same noise, stronger or weaker.
function addNoise(image, kind, level, seed) {
  return Float64Array.from(image, (pixel, i) => {
    const draw = uniform(seed, i, 0);
    if (kind === "gaussian") {
      const angle = 2 * Math.PI * uniform(seed, i, 1);
      return clip(pixel + level * Math.sqrt(-2 * Math.log(1 - draw)) * Math.cos(angle)); // Box and Muller 1958
    }
    if (draw >= level) return pixel;
    return kind === "salt-pepper" && draw < level / 2 ? 1 : 0;
  });
}

// An index beyond the edge, reflected: d c b a | a b c d | d c b a.
function reflect(i, n) {
  const period = 2 * n, at = ((i % period) + period) % period;
  return at < n ? at : period - 1 - at;
}

function medianFilter(image, height, width, size) {
  const radius = Math.floor(size / 2), window = new Float64Array(size * size);
  return Float64Array.from(image, (_, i) => {
    const row = Math.floor(i / width), column = i % width;
    let k = 0;
    for (let down = -radius; down <= radius; down++) {
      const start = reflect(row + down, height) * width;
      for (let right = -radius; right <= radius; right++) window[k++] = image[start + reflect(column + right, width)];
    }
    return window.sort()[(window.length - 1) / 2];
  });
}

function gaussianFilter(image, height, width, sigma) {
  const radius = Math.floor(4 * sigma + 0.5), kernel = [];
  for (let i = -radius; i <= radius; i++) kernel.push(Math.exp(-0.5 * (i / sigma) ** 2));
  const total = kernel.reduce((a, b) => a + b, 0);
  const blur = (pixels, at) => Float64Array.from(pixels, (_, i) => {
    const row = Math.floor(i / width), column = i % width;
    return kernel.reduce((sum, weight, k) => sum + weight * pixels[at(row, column, k - radius)], 0) / total;
  });
  const down = blur(image, (row, column, offset) => reflect(row + offset, height) * width + column);
  return blur(down, (row, column, offset) => row * width + reflect(column + offset, width));
}

const FILTERS = { median: medianFilter, gaussian: gaussianFilter };

// A filter with its setting, and the gain and offset that undo what clipped noise does to black and white.
function filter(name, [setting, gain, offset], image, height, width) {
  return FILTERS[name](image, height, width, setting).map((pixel) => clip(gain * clip(pixel) + offset));
}

function linearDenoise([weights, bias], image) {
  return affine(image, weights, bias, bias.length).map(clip);
}
