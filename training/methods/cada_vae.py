"""CADA-VAE: two variational autoencoders aligned by their codes and by rebuilding each other."""

from torch import Tensor, nn
from torch.nn import functional

from training.lab.semantics import Semantics
from training.methods.alignment import perceptron
from training.methods.latent import GaussianEncoder, divergence, drawn, wasserstein

_BETA, _CROSS, _DISTANCE = 0.01, 1.0, 1.0


class CadaVae(nn.Module):
    """Pooled features and class texts to Gaussians of one space.

    Schönfeld et al., "Generalized Zero- and Few-Shot Learning via Aligned Variational Autoencoders",
    CVPR 2019, eqs. 2 to 5. Departures: constant loss weights for the published warm-up, and the nearest
    class mean in the space of codes for the softmax that the paper trains on drawn codes.

    Args:
        channels: C of the cubes.
        dim: E of the text features.
        code: Length of the codes.
    """

    def __init__(self, *, channels: int, dim: int, code: int = 64) -> None:
        super().__init__()
        self.skeleton, self.text = GaussianEncoder(channels, code), GaussianEncoder(dim, code)
        self.skeleton_back = perceptron((code, 128, channels))
        self.text_back = perceptron((code, 128, dim))

    def loss(self, cubes: Tensor, labels: Tensor, seen: Semantics) -> Tensor:
        """Both variational losses, cross-reconstruction, and the distance of the distributions."""
        features, told = cubes.mean(dim=(2, 3)), seen.described[labels]
        of_skeleton, of_text = self.skeleton(features), self.text(told)
        skeleton, text = drawn(*of_skeleton), drawn(*of_text)
        own = functional.l1_loss(self.skeleton_back(skeleton), features)
        own = own + functional.l1_loss(self.text_back(text), told)
        cross = functional.l1_loss(self.skeleton_back(text), features)
        cross = cross + functional.l1_loss(self.text_back(skeleton), told)
        spread = divergence(*of_skeleton) + divergence(*of_text)
        return own + _BETA * spread + _CROSS * cross + _DISTANCE * wasserstein(of_skeleton, of_text)

    def branches(self, cubes: Tensor, classes: Semantics) -> Tensor:
        """(1, B, K) negative squared distances of the means."""
        skeleton, text = self.skeleton(cubes.mean(dim=(2, 3)))[0], self.text(classes.described)[0]
        return -(skeleton[:, None] - text[None]).square().sum(dim=2)[None]
