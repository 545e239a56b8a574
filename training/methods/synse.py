"""SynSE: a skeleton's code in two pieces, one for the verb and one for the noun of its class."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import perceptron
from training.methods.latent import GaussianEncoder, divergence, drawn

_BETA, _CROSS = 0.01, 1.0


class Synse(nn.Module):
    """Pooled features, verbs and nouns to Gaussians; a skeleton's code is the two pieces side by side.

    Gupta et al., "Syntactically Guided Generative Embeddings for Zero-Shot Skeleton Action
    Recognition", ICIP 2021, sec. 3: variational losses of the three and cross-reconstruction of each
    text from its piece, and of the skeleton from both texts. Departures: the verb is a name's first
    word; the nearest class mean for the trained classifier; no gating network, the lab's calibrated
    stacking serves all methods.

    Args:
        channels: C of the cubes.
        dim: E of the text features.
        code: Length of a piece.
    """

    def __init__(self, *, channels: int, dim: int, code: int = 32) -> None:
        super().__init__()
        self.skeleton = GaussianEncoder(channels, 2 * code)
        self.verb, self.noun = GaussianEncoder(dim, code), GaussianEncoder(dim, code)
        self.skeleton_back = perceptron((2 * code, 128, channels))
        self.verb_back, self.noun_back = perceptron((code, 128, dim)), perceptron((code, 128, dim))

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Variational losses and cross-reconstruction."""
        features, verb, noun = cubes.mean(dim=(2, 3)), seen.verb[labels], seen.noun[labels]
        gaussians = (self.skeleton(features), self.verb(verb), self.noun(noun))
        skeleton, of_verb, of_noun = (drawn(*gaussian) for gaussian in gaussians)
        to_verb, to_noun = skeleton.chunk(2, dim=1)
        both = torch.cat([of_verb, of_noun], dim=1)
        own = functional.mse_loss(self.skeleton_back(skeleton), features)
        own = own + functional.mse_loss(self.verb_back(of_verb), verb)
        own = own + functional.mse_loss(self.noun_back(of_noun), noun)
        cross = functional.mse_loss(self.skeleton_back(both), features)
        cross = cross + functional.mse_loss(self.verb_back(to_verb), verb)
        cross = cross + functional.mse_loss(self.noun_back(to_noun), noun)
        return own + _BETA * sum(divergence(*gaussian) for gaussian in gaussians) + _CROSS * cross

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) negative squared distances of the means."""
        text = torch.cat([self.verb(classes.verb)[0], self.noun(classes.noun)[0]], dim=1)
        skeleton = self.skeleton(cubes.mean(dim=(2, 3)))[0]
        return -(skeleton[:, None] - text[None]).square().sum(dim=2)[None]
