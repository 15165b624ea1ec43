// The dense autoencoder and PCA: images are arrays of pixels in [0, 1].

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const ACTIVATIONS = { linear: (x) => x, relu: (x) => Math.max(x, 0), tanh: Math.tanh, sigmoid };

// x W + b for W of shape (inputs, outputs); zeros of x cost nothing.
function affine(x, kernel, bias, outputs) {
  const result = Float64Array.from(bias);
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value === 0) continue;
    for (let j = 0, k = i * outputs; j < outputs; j++, k++) result[j] += value * kernel[k];
  }
  return result;
}

class DenseAutoencoder {
  constructor({ weights, code_size, activation, width, height, pca }) {
    [this.kernel, this.bias, this.decoderKernel, this.decoderBias] = weights;
    this.size = code_size;
    this.pixels = width * height;
    this.activation = ACTIVATIONS[activation];
    [this.pcaMean, this.components] = pca || [null, null];
  }
  encode(image) {
    return affine(image, this.kernel, this.bias, this.size).map(this.activation);
  }
  decode(code) {
    return affine(code, this.decoderKernel, this.decoderBias, this.pixels).map(sigmoid);
  }
  // PCA's reconstruction from as many components as the code has values.
  pca(image) {
    const result = Float64Array.from(this.pcaMean);
    for (let row = 0; row < this.components.shape[0]; row++) {
      const start = row * this.pixels;
      let value = 0;
      for (let i = 0; i < this.pixels; i++) value += (image[i] - this.pcaMean[i]) * this.components[start + i];
      for (let i = 0; i < this.pixels; i++) result[i] += value * this.components[start + i];
    }
    return result.map((x) => Math.min(1, Math.max(0, x)));
  }
}

function meanSquaredError(one, other) {
  let sum = 0;
  for (let i = 0; i < one.length; i++) sum += (one[i] - other[i]) ** 2;
  return sum / one.length;
}

const psnr = (mse) => -10 * Math.log10(mse);
