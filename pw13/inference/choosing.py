"""A name written character by character by hand, from what a model predicts."""

from typing import NamedTuple

import numpy as np

from pw13.data.names.vocabulary import NEWLINE, Vocabulary, VocabularyFile
from pw13.inference.contexts import Context, Model, initial_context, log_softmax
from pw13.system.threefry import uniforms

OFFERED = 10  # likeliest characters


class Draft(NamedTuple):
    """A name so far, its ln p, and ln p of every next character, `(characters,)` float64."""

    vocab: Vocabulary
    context: Context
    text: str
    log_probability: float
    next_log_probabilities: np.ndarray

    @property
    def complete(self) -> bool:
        return self.text.endswith(NEWLINE)


def begin(model: Model, vocab_file: VocabularyFile, prefix: str, *, seed: int) -> Draft:
    """Return a name that consists of `prefix`; `seed` draws the name that a many-to-one network has read before."""
    context = initial_context(model, vocab_file, uniforms(seed, np.zeros(1, np.int64), 0))
    draft = Draft(vocab_file.vocabulary, context, "", 0.0, log_softmax(context.logits())[0])
    for character in prefix:
        draft = extend(draft, character)
    return draft


def extend(draft: Draft, character: str) -> Draft:
    """Return the name with one more character of the vocabulary; the newline completes it."""
    index = draft.vocab.char_to_id[character]
    context = draft.context.advance(np.array([index]), np.array([True]))
    log_probability = draft.log_probability + float(draft.next_log_probabilities[index])
    return Draft(draft.vocab, context, draft.text + character, log_probability, log_softmax(context.logits())[0])


def allowed(draft: Draft, character: str) -> bool:
    """Return whether a name may go on with a character: one of the vocabulary, and no end of a blank name."""
    return character in draft.vocab.char_to_id and (character != NEWLINE or bool(draft.text.strip()))


def likeliest(draft: Draft) -> list[tuple[str, float]]:
    """Return the ten likeliest characters with their probabilities, the likeliest first; no end of a blank name."""
    order = np.argsort(-draft.next_log_probabilities, kind="stable")
    characters = [
        (draft.vocab.characters[index], float(np.exp(draft.next_log_probabilities[index]))) for index in order
    ]
    return [(character, share) for character, share in characters if allowed(draft, character)][:OFFERED]
