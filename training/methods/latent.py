"""Gaussian codes of a variational autoencoder, and how two of them are compared."""

import torch
from torch import Tensor, nn

from training.methods.alignment import perceptron


class GaussianEncoder(nn.Module):
    """Rows (N, D) to the mean and log-variance (N, ``code``) of a Gaussian each."""

    def __init__(self, inputs: int, code: int, *, hidden: int = 128) -> None:
        super().__init__()
        self.body = perceptron((inputs, hidden), last_relu=True)
        self.mean, self.log_variance = nn.Linear(hidden, code), nn.Linear(hidden, code)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance."""
        hidden = self.body(rows)
        return self.mean(hidden), self.log_variance(hidden).clamp(-10, 10)


def drawn(mean: Tensor, log_variance: Tensor) -> Tensor:
    """One sample of each Gaussian, differentiable in both arguments."""
    return mean + torch.randn_like(mean) * torch.exp(log_variance / 2)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Mean over rows of KL(Gaussian || standard normal) (Kingma and Welling 2014, appendix B)."""
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(dim=1).mean()


def wasserstein(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> Tensor:
    """Mean over rows of the 2-Wasserstein distance of two diagonal Gaussians.

    Schönfeld et al., CVPR 2019, eq. 4: the root of squared differences of means and of deviations.
    """
    means = (a[0] - b[0]).square().sum(dim=1)
    deviations = (torch.exp(a[1] / 2) - torch.exp(b[1] / 2)).square().sum(dim=1)
    return torch.sqrt(means + deviations + 1e-12).mean()
