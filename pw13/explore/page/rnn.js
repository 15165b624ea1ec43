// Character RNNs: the step of each cell as in Keras, gates in the order of the kernels' columns.

function addProduct(result, x, kernel, width) {
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value === 0) continue;
    for (let j = 0, k = i * width; j < width; j++, k++) result[j] += value * kernel[k];
  }
  return result;
}

const CELLS = {
  simple(x, [, recurrent, bias], [h]) {
    addProduct(x, h, recurrent, h.length);
    return [x.map((value, j) => Math.tanh(value + bias[j]))];
  },
  // The reset gate acts after the product (Keras's reset_after=True); gates: update, reset, candidate.
  gru(x, [, recurrent, bias], [h]) {
    const units = h.length, fromState = addProduct(Float64Array.from(bias.subarray(3 * units)), h, recurrent, 3 * units);
    const next = new Float64Array(units);
    for (let j = 0; j < units; j++) {
      const update = sigmoid(x[j] + bias[j] + fromState[j]);
      const reset = sigmoid(x[units + j] + bias[units + j] + fromState[units + j]);
      const candidate = Math.tanh(x[2 * units + j] + bias[2 * units + j] + reset * fromState[2 * units + j]);
      next[j] = update * h[j] + (1 - update) * candidate;
    }
    return [next];
  },
  // Gates: input, forget, candidate, output.
  lstm(x, [, recurrent, bias], [h, c]) {
    const units = h.length, nextH = new Float64Array(units), nextC = new Float64Array(units);
    addProduct(x, h, recurrent, 4 * units);
    for (let j = 0; j < units; j++) {
      const gate = (index) => x[index * units + j] + bias[index * units + j];
      nextC[j] = sigmoid(gate(1)) * c[j] + sigmoid(gate(0)) * Math.tanh(gate(2));
      nextH[j] = sigmoid(gate(3)) * Math.tanh(nextC[j]);
    }
    return [nextH, nextC];
  },
};

class CharRNN {
  constructor({ network, characters, spaces, endings }) {
    Object.assign(this, network);
    this.characters = characters;
    this.spaces = spaces;
    this.endings = endings;
    this.ids = new Map(characters.map((character, id) => [character, id]));
    this.newline = this.ids.get("\n");
    this.units = this.layers[0][1].shape[0];
    this.step = CELLS[this.cell];
  }
  zeros() {
    const states = this.cell === "lstm" ? 2 : 1;
    return this.layers.map(() => Array.from({ length: states }, () => new Float64Array(this.units)));
  }
  advance(states, id) {
    let input = null;
    return states.map((state, i) => {
      const [kernel] = this.layers[i], width = kernel.shape[1];
      const x = input === null
        ? Float64Array.from(kernel.subarray(id * width, (id + 1) * width)) // the product of a one-hot vector
        : addProduct(new Float64Array(width), input, kernel, width);
      const next = this.step(x, this.layers[i], state);
      input = next[0];
      return next;
    });
  }
  logitsOf(states) {
    return affine(states[states.length - 1][0], this.kernel, this.bias, this.bias.length);
  }
  // A context is what the next character follows: the last characters (many-to-one) or the states (many-to-many).
  start(draw) {
    if (this.target === "many-to-many") return this.advance(this.zeros(), this.newline);
    const [count, length] = this.endings.shape, row = Math.floor(draw * count);
    return Array.from(this.endings.subarray(row * length, (row + 1) * length));
  }
  logits(context) {
    if (this.target === "many-to-many") return this.logitsOf(context);
    return this.logitsOf(context.reduce((states, id) => this.advance(states, id), this.zeros()));
  }
  follow(context, id) {
    return this.target === "many-to-many" ? this.advance(context, id) : [...context.slice(1), id];
  }
}

function softmax(logits) {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logits.map((logit) => Math.exp(logit - max));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
