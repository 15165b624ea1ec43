// The convolutional denoiser: arrays of (height, width, channels), kernels of (3, 3, inputs, outputs).

// 3x3 "same" convolution. After a ReLU most inputs are 0 and cost nothing.
function conv3x3(x, height, width, inputs, kernel, bias, outputs) {
  const result = new Float64Array(height * width * outputs);
  for (let i = 0; i < result.length; i += outputs) result.set(bias, i);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < inputs; channel++) {
        const value = x[(row * width + column) * inputs + channel];
        if (value === 0) continue;
        for (let down = -1; down <= 1; down++) {
          const y = row - down;
          if (y < 0 || y >= height) continue;
          for (let right = -1; right <= 1; right++) {
            const z = column - right;
            if (z < 0 || z >= width) continue;
            let out = (y * width + z) * outputs, tap = (((down + 1) * 3 + right + 1) * inputs + channel) * outputs;
            for (let end = out + outputs; out < end; out++, tap++) result[out] += value * kernel[tap];
          }
        }
      }
    }
  }
  return result;
}

// Upsampling by 2 and the convolution after it, in one: a value meets 4x4 outputs (models/conv_dae.py, upsample_conv).
function expandKernel(kernel, inputs, outputs) {
  const taps = [[2], [1, 2], [0, 1], [0]], size = inputs * outputs, result = new Float64Array(16 * size);
  for (let u = 0; u < 4; u++) for (let v = 0; v < 4; v++) for (const k of taps[u]) for (const l of taps[v]) {
    for (let i = 0; i < size; i++) result[(u * 4 + v) * size + i] += kernel[(k * 3 + l) * size + i];
  }
  return result;
}

function upsampleConv(x, height, width, inputs, expanded, bias, outputs) {
  const result = new Float64Array(4 * height * width * outputs);
  for (let i = 0; i < result.length; i += outputs) result.set(bias, i);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      for (let channel = 0; channel < inputs; channel++) {
        const value = x[(row * width + column) * inputs + channel];
        if (value === 0) continue;
        for (let u = 0; u < 4; u++) {
          const y = 2 * row - 1 + u;
          if (y < 0 || y >= 2 * height) continue;
          for (let v = 0; v < 4; v++) {
            const z = 2 * column - 1 + v;
            if (z < 0 || z >= 2 * width) continue;
            let out = (y * 2 * width + z) * outputs, tap = ((u * 4 + v) * inputs + channel) * outputs;
            for (let end = out + outputs; out < end; out++, tap++) result[out] += value * expanded[tap];
          }
        }
      }
    }
  }
  return result;
}

function maxPool(x, height, width, channels) {
  const result = new Float64Array((height / 2) * (width / 2) * channels);
  let out = 0;
  for (let row = 0; row < height; row += 2) for (let column = 0; column < width; column += 2) {
    const at = (row * width + column) * channels, below = at + width * channels;
    for (let channel = 0; channel < channels; channel++) {
      result[out++] = Math.max(x[at + channel], x[at + channels + channel], x[below + channel], x[below + channels + channel]);
    }
  }
  return result;
}

function relu(x) {
  for (let i = 0; i < x.length; i++) if (x[i] < 0) x[i] = 0;
  return x;
}

class Denoiser {
  constructor({ weights, width, height }) {
    [this.k1, this.b1, this.k2, this.b2, this.k3, this.b3, this.k4, this.b4, this.k5, this.b5, this.k6, this.b6] = weights;
    this.k5 = expandKernel(this.k5, 128, 64);
    this.k6 = expandKernel(this.k6, 64, 1);
    Object.assign(this, { width, height });
  }
  denoise(image) {
    const { width: w, height: h } = this;
    let x = relu(maxPool(conv3x3(image, h, w, 1, this.k1, this.b1, 32), h, w, 32));
    x = relu(maxPool(conv3x3(x, h / 2, w / 2, 32, this.k2, this.b2, 64), h / 2, w / 2, 64));
    x = relu(conv3x3(x, h / 4, w / 4, 64, this.k3, this.b3, 128));
    x = relu(conv3x3(x, h / 4, w / 4, 128, this.k4, this.b4, 128));
    x = relu(upsampleConv(x, h / 4, w / 4, 128, this.k5, this.b5, 64));
    return upsampleConv(x, h / 2, w / 2, 64, this.k6, this.b6, 1).map(sigmoid);
  }
}
