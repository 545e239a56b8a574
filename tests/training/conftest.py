"""One thread: on batches this small a second one costs more than it gives."""

import torch

torch.set_num_threads(1)
