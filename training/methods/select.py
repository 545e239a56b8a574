"""The methods on a frozen encoder, by name."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from training.methods.cada_vae import CadaVae
from training.methods.devise import Devise
from training.methods.jpose import Jpose
from training.methods.neuron import Neuron, NeuronConfig
from training.methods.projection import Projection
from training.methods.relation_net import RelationNet
from training.methods.revise import Revise
from training.methods.smie import Smie
from training.methods.star import Star, StarConfig
from training.methods.synse import Synse


@dataclass(frozen=True)
class Sizes:
    """What a method has to fit: channels C of the cubes, E of the text features, seen classes K."""

    channels: int
    dim: int
    seen: int


def _simple(kind: Callable[..., nn.Module]) -> Callable[[Sizes, StarConfig, NeuronConfig], nn.Module]:
    return lambda sizes, _star, _neuron: kind(channels=sizes.channels, dim=sizes.dim)


METHODS: dict[str, Callable[[Sizes, StarConfig, NeuronConfig], nn.Module]] = {
    "devise": _simple(Devise),
    "relation-net": _simple(RelationNet),
    "revise": _simple(Revise),
    "jpose": _simple(Jpose),
    "cada-vae": _simple(CadaVae),
    "synse": _simple(Synse),
    "smie": _simple(Smie),
    "pgfa-frozen": _simple(Projection),
    "star": lambda sizes, star, _: Star(star, channels=sizes.channels, dim=sizes.dim, seen=sizes.seen),
    "neuron": lambda sizes, _, neuron: Neuron(neuron, channels=sizes.channels, dim=sizes.dim),
}
"""Constructors; the settings of the other methods are passed over."""
