"""The classic recipe in PyTorch: `classic_torch.py TABLE.npy STEPS`; prints seconds and the loss."""

import math
import sys
import time

import numpy as np
import torch

UNITS = COMPONENTS = 24


def mean_nll(network, x, y):
    """The mean negative log-likelihood of isotropic components."""
    logits, means, log_scales = network(x).chunk(3, dim=1)
    z = (y - means) * torch.exp(-log_scales)
    terms = torch.log_softmax(logits, dim=1) - log_scales - 0.5 * z * z - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(terms, dim=1).mean()


def main(path, steps):
    torch.manual_seed(0)
    table = torch.from_numpy(np.load(path))
    x, y = table[:, :1], table[:, 1:]
    network = torch.nn.Sequential(torch.nn.Linear(1, UNITS), torch.nn.Sigmoid(),
                                  torch.nn.Linear(UNITS, 3 * COMPONENTS))
    adam = torch.optim.Adam(network.parameters(), lr=1e-3)
    begun = time.perf_counter()
    for _ in range(steps):
        adam.zero_grad()
        loss = mean_nll(network, x, y)
        loss.backward()
        adam.step()
    print(time.perf_counter() - begun, loss.item())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
