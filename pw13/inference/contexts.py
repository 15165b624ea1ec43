"""Models of names, character by character: what comes next, and what is remembered of the characters before."""

from typing import NamedTuple

import numpy as np

from pw13.baselines import ngram
from pw13.baselines.ngram import Ngram
from pw13.data.names.vocabulary import VocabularyFile
from pw13.metrics import mixture
from pw13.models import charrnn_numpy
from pw13.models.charrnn_numpy import Network, States


class Mixture(NamedTuple):
    """A mixture of a network, whose weight is `weight`, from 0 to 1, and an n-gram model."""

    network: Network
    ngram: Ngram
    weight: float


Model = Network | Ngram | Mixture


class WindowContext(NamedTuple):
    """The context of a many-to-one network: the last ids of each name, `(n, length)`."""

    net: Network
    ids: np.ndarray

    def logits(self) -> np.ndarray:
        """Return the logits of the next character, `(n, characters)`."""
        return charrnn_numpy.logits(self.net, charrnn_numpy.feed_text(self.net, self.ids))

    def advance(self, ids: np.ndarray, active: np.ndarray) -> "WindowContext":
        """Append one id `(n,)` to each window; keep the rows where `active` `(n,)`."""
        kept = self.ids[active, 1:]
        return self._replace(ids=np.concatenate([kept, ids[active, None].astype(self.ids.dtype)], axis=1))


class StateContext(NamedTuple):
    """The context of a many-to-many network: its states."""

    net: Network
    states: States

    def logits(self) -> np.ndarray:
        """Return the logits of the next character, `(n, characters)`."""
        return charrnn_numpy.logits(self.net, self.states)

    def advance(self, ids: np.ndarray, active: np.ndarray) -> "StateContext":
        """Feed one id `(n,)` to each row; keep the rows where `active` `(n,)`."""
        kept = charrnn_numpy.select_rows(self.states, active)
        return self._replace(states=charrnn_numpy.advance(self.net, kept, ids[active]))


class CountContext(NamedTuple):
    """The context of an n-gram model: the n-grams that end at the last character of each name."""

    model: Ngram
    state: ngram.State

    def logits(self) -> np.ndarray:
        """Return ln p of the next character, `(n, characters)`: logits of a model that is normalized."""
        return np.asarray(np.log(ngram.next_probabilities(self.model, self.state)))

    def advance(self, ids: np.ndarray, active: np.ndarray) -> "CountContext":
        """Append one id `(n,)` to each name; keep the rows where `active` `(n,)`."""
        kept = ngram.State(self.state.contexts[active])
        return self._replace(state=ngram.advance(self.model, kept, ids[active]))


class MixtureContext(NamedTuple):
    """The context of a mixture: those of both models."""

    network: WindowContext | StateContext
    counted: CountContext
    weight: float

    def logits(self) -> np.ndarray:
        """Return ln p of the next character, `(n, characters)` float64."""
        return mixture.mix(log_softmax(self.network.logits()), self.counted.logits(), self.weight)

    def advance(self, ids: np.ndarray, active: np.ndarray) -> "MixtureContext":
        """Append one id `(n,)` to each name; keep the rows where `active` `(n,)`."""
        return self._replace(network=self.network.advance(ids, active), counted=self.counted.advance(ids, active))


Context = WindowContext | StateContext | CountContext | MixtureContext


def initial_context(model: Model, vocab_file: VocabularyFile, draws: np.ndarray) -> Context:
    """Return the contexts before the first character.

    Many-to-one: endings of training names, chosen by `draws`, `(n,)` in [0, 1); many-to-many: a newline into zero
    states; n-gram model: the start symbol.
    """
    if isinstance(model, Mixture):
        counted = CountContext(model.ngram, ngram.initial_state(model.ngram, len(draws)))
        return MixtureContext(_network_context(model.network, vocab_file, draws), counted, model.weight)
    if isinstance(model, Ngram):
        return CountContext(model, ngram.initial_state(model, len(draws)))
    return _network_context(model, vocab_file, draws)


def _network_context(net: Network, vocab_file: VocabularyFile, draws: np.ndarray) -> WindowContext | StateContext:
    vocab, n = vocab_file.vocabulary, len(draws)
    if net.target == "many-to-many":
        zeros = charrnn_numpy.zero_states(net, n)
        return StateContext(net, charrnn_numpy.advance(net, zeros, np.full(n, vocab.newline)))
    endings = np.stack([vocab.encode(ending) for ending in vocab_file.endings])
    return WindowContext(net, endings[(draws * len(endings)).astype(np.int64)])


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return the log-probabilities of logits `(n, characters)`, float64."""
    shifted = logits - logits.max(axis=1, keepdims=True).astype(np.float64)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
