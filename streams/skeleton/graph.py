"""The skeleton as a graph: which joints a graph convolution mixes, and how strongly."""

import numpy as np
from numpy.typing import NDArray

from streams.skeleton.layouts import NTU_25, Joint, Layout


def hop_distances(layout: Layout) -> NDArray[np.int64]:
    """(V, V) number of bones between every two joints; V between joints that are not connected."""
    size = len(layout)
    hops = np.full((size, size), size, np.int64)
    np.fill_diagonal(hops, 0)
    for child, parent in layout.bones:
        hops[child, parent] = hops[parent, child] = 1
    for via in range(size):  # Floyd-Warshall; 25 joints take no time.
        hops = np.minimum(hops, hops[:, via : via + 1] + hops[via : via + 1])
    return hops


def spatial_partition(
    layout: Layout = NTU_25, *, centre: int = int(Joint.SPINE_SHOULDER)
) -> NDArray[np.float32]:
    """(3, V, V) float32: what joint w receives from joint v, split by where v lies.

    Subset 0 is the joint itself; 1 its neighbours at its own distance from the centre or farther;
    2 its neighbours nearer to the centre. The three sum to the adjacency matrix with self-loops
    whose columns sum to 1 (A D^-1): Yan et al., "Spatial Temporal Graph Convolutional Networks",
    AAAI 2018, sec. 3.3, as PGFA uses it. Features mix as ``x @ partition[k]`` over the joint axis.

    The edges are those of ``layout``; the published NTU list differs in one place: it hangs the
    hand tip on the thumb, where we hang both on the hand.

    Args:
        layout: Joints and bones.
        centre: Joint the distances are counted from.
    """
    hops = hop_distances(layout)
    adjacency = (hops <= 1).astype(np.float64)
    share = adjacency / adjacency.sum(axis=0, keepdims=True)
    source, target = hops[centre][:, None], hops[centre][None, :]
    neighbour = hops == 1
    subsets = (hops == 0, neighbour & (source >= target), neighbour & (source < target))
    return np.stack([np.where(subset, share, 0.0) for subset in subsets]).astype(np.float32)
