"""What the page computes in JavaScript is what pw13 computes: networks, filters, random numbers and names."""

import shlex

import numpy as np
import pytest

from pw13.baselines import denoisers
from pw13.baselines.filter_tuning import TunedFilter
from pw13.baselines.linear_denoiser import LinearDenoiser
from pw13.data.images import load_images, to_float, to_vectors
from pw13.explore import codes, names, noise
from pw13.inference import sampling
from pw13.inference.name_generator import load_generator
from pw13.inference.score import score_names
from pw13.inference.trained_run import read_best_weights
from pw13.models import charrnn_numpy, dense_ae_numpy
from pw13.models.conv_dae_weights import weight_specs
from pw13.runs.arrays import read_arrays
from pw13.runs.record import read_run, settings_of
from pw13.system.threefry import uniforms
from tests.helpers.browser import library

pytestmark = pytest.mark.browser
CELLS = [f"{c} {t} {n}" for c in ("simple", "gru", "lstm") for t in ("many-to-one", "many-to-many") for n in (1, 2)]


@pytest.fixture(scope="module")
def script(browser):
    """Return a function that runs JavaScript with the page's functions: its argument is `given`, unpacked."""
    page = browser.new_page()
    page.set_content('<svg id="svg"></svg>')
    page.add_script_tag(content=library())

    def run(code: str, given=None):
        return page.evaluate("async (given) => { given = await unpack(given); " + code + "}", given)

    yield run
    page.close()


def record(runs, name):
    return read_run(runs.folder / runs.names[name])


def test_uniform_numbers_are_the_same(script):
    seeds, streams, draws = (0, 1, 2**31 - 1, 2**53 - 1), np.arange(40), (0, 1, 99)
    expected = [uniforms(seed, streams, draw).tolist() for seed in seeds for draw in draws]
    code = "return given.seeds.flatMap((s) => given.draws.map((d) => given.streams.map((n) => uniform(s, n, d))));"
    assert script(code, {"seeds": seeds, "draws": draws, "streams": streams.tolist()}) == expected


def test_one_is_singular_in_the_texts_of_the_page(script):
    code = """const { names, runs, svm } = T;
      return [names.sentence(1, 1, null), runs.count(1, 1), runs.count(0, 1), runs.count(2, 2), runs.sweepSize(1, 1),
        svm.chance(1, 1, { p: 0.5, holm: true }),
        svm.sentence("pixels", 1, "I for J (1 time)"), svm.mistakes(["I for J"], 1),
        svm.images("pixels", "I", "J", 1, 1), svm.right1("pixels", "I", 1, 1), svm.right1("pixels", "I", 2, 2)];"""
    assert script(code) == [
        "1 name.",
        "1 run.",
        "0 of 1 run.",
        "2 runs.",
        "1 epoch per point, only 1 training example",
        "The second is right on 1 more of 1 letter: may be chance (McNemar's test, p = 0.5, corrected by Holm's "
        "method).",
        "pixels is right 1 time; most often it takes I for J (1 time).",
        "I for J (1 time)",
        "pixels: 1 letter I taken for J",
        "pixels: 1 letter I recognized",
        "pixels: 2 letters I recognized",
    ]


def test_known_names_are_those_of_the_whole_corpus(script):
    """Held-out ones too, which the network was not trained on."""
    said = script("return T.names.knownHint({ names: 1000, error: 0.008 });")
    assert said.startswith("Known: among the 1,000 names of its corpus.") and "trained" not in said


def test_labels_on_the_map_tell_the_classes_apart(script):
    names = {
        ("0", "1", "10"): ["0", "1", "10"],
        ("cat", "dog", "horse"): ["cat", "dog", "hor"],
        tuple(f"digit_{n}" for n in range(11)): [str(n) for n in range(11)],
        ("upper_A", "upper_B", "lower_a", "lower_b"): ["A", "B", "a", "b"],
        ("👩🏽\u200d🚀👍🏽e\u0301n", "xyzw"): ["👩🏽\u200d🚀👍🏽e\u0301", "xyz"],
        ("a", "ab", "abcd", "abc"): ["a", "b", "d", "c"],
        (): [],
    }
    assert script("return given.map(shortClasses);", list(map(list, names))) == list(names.values())


def test_texts_are_shortened_between_characters(script):
    assert script("return [shortened('a👩🏽\u200d🚀bc', 3), shortened('a👩🏽\u200d🚀b', 3)];") == [
        "a👩🏽\u200d🚀…",
        "a👩🏽\u200d🚀b",
    ]


def test_an_axis_has_room_where_values_differ_in_their_last_bit_only(script):
    low, high = script("return extent([0.1, 0.10000000000000002]);")
    assert 0.09 < low < 0.095 and 0.105 < high < 0.11


def test_the_command_that_does_the_same_is_quoted_for_a_shell(script):
    code = "return generateCommand({ run: given.place }, { seed: 7, n: 20, temp: 1, topP: 1, prefix: given.prefix });"
    for place, prefix in (("x; touch y", "$(id)"), ("sweep/1_it's", "B o")):
        words = shlex.split(script(code, {"place": place, "prefix": prefix}))
        assert (words[3], words[-1], len(words)) == (place, prefix, 12)


def test_the_next_letter_on_the_map_is_the_nearest_in_that_direction(script):
    places = [[0, 0], [3, 1], [2, 5], [-1, 0], [9, 0]]
    steps = {"right": [1, 0], "left": [-1, 0], "down": [0, 1], "up": [0, -1]}
    code = "return given.steps.map((step) => nextTowards(given.places, 0, step));"
    assert script(code, {"places": places, "steps": list(steps.values())}) == [1, 3, 2, None]


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh", "sigmoid"])
def test_dense_codes_and_reconstructions(script, runs, activation):
    run = record(runs, "dense")
    image = to_vectors(load_images(str(runs.data)).test_images[:1])
    arrays = read_best_weights(run, dense_ae_numpy.weight_specs(784, settings_of(run)))
    net = dense_ae_numpy.Weights(activation, *arrays)
    code = "const net = new DenseAutoencoder(given.run), code = net.encode(given.image);"
    got = script(
        code + "return [Array.from(code), Array.from(net.decode(code)), Array.from(net.pca(given.image))];",
        {"run": {**codes.view(run), "activation": activation}, "image": image[0].tolist()},
    )
    expected = net.encode(image)
    assert got[0] == pytest.approx(expected[0], abs=1e-4)
    assert got[1] == pytest.approx(net.decode(expected)[0], abs=1e-4)
    stored = {key: value.astype(np.float32) for key, value in read_arrays(run, "map").items()}
    mean, components = stored["pca_mean"], stored["pca_components"]
    linear = np.clip((image - mean) @ components.T @ components + mean, 0, 1)
    assert got[2] == pytest.approx(linear[0], abs=1e-4)


def test_denoised_images_are_those_of_the_keras_layers(script, runs):
    """The reference is NumPy: 3x3 "same" convolutions, max pooling, nearest upsampling, as Keras defines them."""
    run = record(runs, "conv")
    image = to_float(load_images(str(runs.data)).test_images[0])
    weights = read_best_weights(run, weight_specs())
    got = script(
        "return Array.from(new Denoiser(given.run).denoise(given.image));",
        {"run": noise.view(run), "image": image.ravel().tolist()},
    )
    expected = reference_denoiser(weights, image[..., None].astype(np.float64))
    assert np.ptp(expected) > 0.1
    assert got == pytest.approx(expected.ravel(), abs=1e-4)


def reference_denoiser(weights, x):
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for index, (kernel, bias) in enumerate(layers):
        if index in (4, 5):
            x = x.repeat(2, axis=0).repeat(2, axis=1)
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
        x = np.einsum("hwikl,klio->hwo", windows, kernel.astype(np.float64)) + bias
        x = 1 / (1 + np.exp(-x)) if index == 5 else np.maximum(x, 0)
        if index in (0, 1):
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max(axis=(1, 3))
    return x[..., 0]


@pytest.mark.parametrize("name", ["median", "gaussian"])
@pytest.mark.parametrize("setting", [1, 3, 5, 13])
def test_filters_with_gain_and_offset(script, runs, name, setting):
    image = to_float(load_images(str(runs.data)).test_images[:1])
    value = setting if name == "median" else setting / 4
    tuned = TunedFilter(name, {}, {"size" if name == "median" else "sigma": value}, 1.3, -0.1, 0.0, 0.0)
    got = script(
        "return Array.from(filter(given.name, given.tuned, given.image, 28, 28));",
        {"name": name, "tuned": [value, 1.3, -0.1], "image": image.ravel().tolist()},
    )
    assert got == pytest.approx(tuned.denoise(image).ravel(), abs=1e-4)
    assert denoisers.FILTERS.keys() >= {name}


def test_the_linear_map_in_half_precision(script, runs):
    run = record(runs, "conv")
    image, stored = to_float(load_images(str(runs.data)).test_images[:1]), read_arrays(run, "baselines")
    linear = LinearDenoiser(stored["linear_weights"].astype(np.float32), stored["linear_bias"], 0.0)
    got = script(
        "return Array.from(linearDenoise(given.run.linear, given.image));",
        {"run": noise.view(run), "image": image.ravel().tolist()},
    )
    assert got == pytest.approx(linear.denoise(image).ravel(), abs=1e-3)


def test_noise_has_its_level_and_keeps_its_draws(script):
    clean = np.full(4000, 0.5)
    code = (
        "return ['gaussian', 'salt-pepper', 'masking'].map("
        "(kind) => Array.from(addNoise(given.clean, kind, given.level, 3)));"
    )
    gaussian, salt, masked = (np.array(each) for each in script(code, {"clean": clean.tolist(), "level": 0.1}))
    assert gaussian.std() == pytest.approx(0.1, abs=0.01) and gaussian.mean() == pytest.approx(0.5, abs=0.01)
    assert np.mean(salt == 1) == pytest.approx(0.05, abs=0.015) and np.mean(salt == 0) == pytest.approx(0.05, abs=0.015)
    assert np.mean(masked == 0) == pytest.approx(0.1, abs=0.015)
    doubled = np.array(script(code, {"clean": clean.tolist(), "level": 0.05})[0])
    assert 2 * (doubled - 0.5) == pytest.approx(gaussian - 0.5, abs=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_next_character_probabilities(script, runs, cell):
    run = record(runs, cell)
    generator = load_generator(run)
    vocab, net = generator.vocab_file.vocabulary, generator.network
    text = "Abba z"
    got = script(
        "const { steps } = readText(new CharRNN(given.run), given.text, 0.4);"
        "return steps.map((step) => Array.from(step.probabilities));",
        {"run": names.view(run), "text": text},
    )
    start = "\n"
    if net.target == "many-to-one":
        start = generator.vocab_file.endings[int(0.4 * len(generator.vocab_file.endings))]
    for position, probabilities in enumerate(got):
        context = (start + text[:position])[-net.length :] if net.target == "many-to-one" else start + text[:position]
        logits = charrnn_numpy.logits(net, charrnn_numpy.feed_text(net, vocab.encode(context)[None]))[0].astype(float)
        expected = np.exp(logits - logits.max())
        assert probabilities == pytest.approx(expected / expected.sum(), abs=1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_a_hundred_names_of_a_seed_are_those_of_generate(script, runs, cell):
    run = record(runs, cell)
    generator = load_generator(run)
    for options, prefix in (
        (sampling.SamplingOptions(0.8), ""),
        (sampling.SamplingOptions(1.3, top_k=5, top_p=0.8, max_length=12), "Ba"),
    ):
        n = 100 if not prefix else 10
        expected = list(sampling.generate(generator.network, generator.vocab_file, n, options, prefix=prefix, seed=11))
        given = {"temperature": options.temperature, "topK": options.top_k, "topP": options.top_p}
        got = script(
            "const net = new CharRNN(given.run); return Array.from(sampleNames(net, given.options, 11, given.n), "
            "(name) => [name.text, name.complete, -name.nats]);",
            {"run": names.view(run), "options": {**given, "maxLength": options.max_length, "prefix": prefix}, "n": n},
        )
        assert [row[:2] for row in got] == [[name.text, name.complete] for name in expected]
        assert [row[2] for row in got] == pytest.approx([name.mean_log_probability for name in expected], abs=1e-4)


@pytest.mark.parametrize("cell", ["gru many-to-one 1", "gru many-to-many 1"])
def test_a_name_s_score_is_that_of_pw13_score(script, runs, cell):
    for text in ("Bato", "a"):
        scores = score_names([text], None, run=runs.names[cell], runs_dir=runs.folder)
        got = script(
            "const { steps, nats } = scoreName(new CharRNN(given.run), given.text);"
            "return [nats, ...steps.map((step) => Math.log(step.probability))];",
            {"run": names.view(record(runs, cell)), "text": text},
        )
        assert got == pytest.approx([scores.nats, *scores.names[0].log_probabilities], abs=1e-5)


def test_a_name_that_is_cut_off_shows_as_many_characters_as_generate_prints(script, runs):
    run = record(runs, "gru many-to-many 1")
    generator, options = load_generator(run), sampling.SamplingOptions(1.0, max_length=5)
    expected = list(sampling.generate(generator.network, generator.vocab_file, 30, options, seed=4))
    assert {name.complete for name in expected} == {True, False}
    got = script(
        "const net = new CharRNN(given.run); return Array.from(sampleNames(net, given.options, 4, 30), "
        "(name) => [name.steps.map((step) => net.characters[step.id]).join(''), -name.nats]);",
        {"run": names.view(run), "options": {"temperature": 1, "topK": 0, "topP": 1, "maxLength": 5, "prefix": ""}},
    )
    assert [row[0] for row in got] == [name.text + "\n" * name.complete for name in expected]
    assert [row[1] for row in got] == pytest.approx([name.mean_log_probability for name in expected], abs=1e-4)


def test_known_names_are_found_and_new_ones_rarely(script, runs):
    known = [f"Name {i} é漢" for i in range(3000)]
    fresh = [f"Other {i}" for i in range(3000)]
    found = script(
        "return [given.known, given.fresh].map((list) => list.filter((name) => isKnown(given.set, name)).length);",
        {"set": names.known_set(known), "known": known, "fresh": fresh},
    )
    assert found[0] == 3000
    assert found[1] / 3000 == pytest.approx(names.known_set(known)["error"], abs=0.006)


def test_a_drawing_survives_the_address(script):
    pixels = np.round(np.random.default_rng(0).random(785) * 15) / 15
    pixels[100:600] = 0
    code = script("return encodeDrawing(given.pixels);", {"pixels": pixels.tolist()})
    assert set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert script("return Array.from(decodeDrawing(given.code, 785));", {"code": code}) == pytest.approx(pixels)
    assert script("return Array.from(decodeDrawing('%%%', 4));", {}) == [0, 0, 0, 0]
