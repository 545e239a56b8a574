"""ReViSE: two autoencoders whose codes are drawn together."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import Comparison, compared, perceptron

_BY = Comparison("cosine", 0.1)


def mean_discrepancy(a: Tensor, b: Tensor, *, width: float = 1.0) -> Tensor:
    """Squared maximum mean discrepancy of two samples under a Gaussian kernel of this width.

    Gretton et al., JMLR 2012, eq. 5 (the biased estimate): mean k(a, a') + mean k(b, b') - 2 mean k(a, b).

    Args:
        a: (N, D).
        b: (M, D).
        width: Standard deviation of the kernel, above 0.
    """

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        squared = (x[:, None] - y[None]).square().sum(dim=2)
        return torch.exp(-squared / (2 * width**2)).mean()

    return kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)


class Revise(nn.Module):
    """Pooled features and class texts to codes of one space.

    Tsai et al., "Learning Robust Visual-Semantic Embeddings", ICCV 2017: reconstruction of both sides, a
    maximum mean discrepancy that makes their codes alike, and a supervised term. Departures: plain
    autoencoders for contractive ones, a cross-entropy of cosines for the supervised term, and no
    unlabelled samples, as the papers' tables use none.

    Args:
        channels: C of the cubes.
        dim: E of the text features.
        code: Length of the codes.
    """

    def __init__(self, *, channels: int, dim: int, code: int = 64) -> None:
        super().__init__()
        self.skeleton, self.skeleton_back = (
            perceptron((channels, 128, code)),
            perceptron((code, 128, channels)),
        )
        self.text, self.text_back = perceptron((dim, 128, code)), perceptron((code, 128, dim))

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Both reconstructions, the discrepancy of the codes, and the supervised term."""
        features, told = cubes.mean(dim=(2, 3)), seen.described
        codes, texts = self.skeleton(features), self.text(told)
        rebuilt = functional.mse_loss(self.skeleton_back(codes), features)
        rebuilt = rebuilt + functional.mse_loss(self.text_back(texts), told)
        apart = mean_discrepancy(
            functional.normalize(codes, dim=1), functional.normalize(texts[labels], dim=1)
        )
        return rebuilt + 0.1 * apart + functional.cross_entropy(compared(codes, texts, _BY), labels)

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) cosines of codes."""
        return compared(
            self.skeleton(cubes.mean(dim=(2, 3)))[None], self.text(classes.described)[None], _BY
        )
