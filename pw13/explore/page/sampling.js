// Names from a network, the same as `pw13 generate --seed`: inference/sampling.py has the rules.

const ATTEMPTS = 100; // per requested name

// How likely each character is drawn, up to a factor: temperature, then topK (0: all), then topP (1: all).
function drawWeights(logits, { temperature, topK, topP }) {
  const max = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const shifted = logits.map((logit) => logit - max);
  if (temperature === 0) return shifted.map((_, id) => (id === shifted.indexOf(0) ? 1 : 0));
  const order = () => Array.from(shifted.keys()).sort((a, b) => shifted[b] - shifted[a] || a - b);
  if (topK > 0 && topK < shifted.length) for (const id of order().slice(topK)) shifted[id] = -Infinity;
  const weights = shifted.map((logit) => Math.exp(logit / temperature));
  if (topP < 1) {
    const total = weights.reduce((a, b) => a + b, 0);
    let preceding = 0;
    order().forEach((id, rank) => {
      const weight = weights[id];
      if (rank && preceding >= topP * total) weights[id] = 0;
      preceding += weight;
    });
  }
  return weights;
}

function sampleId(logits, options, draw) {
  const weights = drawWeights(logits, options), total = weights.reduce((a, b) => a + b, 0);
  const threshold = draw * total;
  let cumulative = 0, last = 0;
  for (let id = 0; id < weights.length; id++) {
    cumulative += weights[id];
    if (cumulative > threshold) return id;
    if (weights[id] > 0) last = id;
  }
  return last;
}

// Name number `number` of a seed: its text, whether the network ended it, and for each character its probability.
function sampleName(net, options, seed, number) {
  let context = net.start(uniform(seed, number, 0)), blank = true;
  const prefix = Array.from(options.prefix, (character) => net.ids.get(character)), ids = [], steps = [];
  for (let position = 0; position <= options.maxLength; position++) {
    const logits = net.logits(context), probabilities = softmax(logits);
    let id = prefix[position];
    if (id === undefined) {
      if (blank) logits[net.newline] = -Infinity; // no name ends before its first visible character
      id = sampleId(logits, options, uniform(seed, number, position + 1));
    }
    steps.push({ id, probability: probabilities[id], probabilities, logits });
    if (id === net.newline) return describe(net, ids, steps, true);
    ids.push(id);
    blank = blank && net.spaces[id];
    context = net.follow(context, id);
  }
  return describe(net, ids.slice(0, options.maxLength), steps.slice(0, options.maxLength), false);
}

function describe(net, ids, steps, complete) {
  return {
    text: ids.map((id) => net.characters[id]).join(""), complete, steps, nats: meanNats(steps), blank: ids.every((id) => net.spaces[id]),
  };
}

const meanNats = (steps) => -steps.reduce((sum, step) => sum + Math.log(step.probability), 0) / steps.length;

// Yields up to `n` names; blank ones are left out.
function* sampleNames(net, options, seed, n) {
  for (let number = 0, found = 0; found < n && number < ATTEMPTS * n; number++) {
    const name = sampleName(net, options, seed, number);
    if (name.blank) continue;
    found++;
    yield name;
  }
}

// The probabilities that a character is drawn with, after temperature, top-k and top-p.
function drawProbabilities(logits, options) {
  const weights = drawWeights(logits, options), total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

// What `pw13 score` says of a name: the probability of each of its characters and of its end. A many-to-one network reads
// the first of the stored endings before it.
function scoreName(net, text) {
  const { steps } = readText(net, `${text}\n`, 0);
  return { steps, nats: meanNats(steps) };
}

// The likeliest next characters after `text`, and the probability of each of its own.
function readText(net, text, draw) {
  let context = net.start(draw);
  const steps = [];
  for (const character of text) {
    const id = net.ids.get(character);
    const probabilities = softmax(net.logits(context));
    steps.push({ id, probability: probabilities[id], probabilities });
    context = net.follow(context, id);
  }
  return { steps, next: softmax(net.logits(context)) };
}

function likeliest(probabilities, count = 10) {
  return Array.from(probabilities.keys()).sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, count);
}
