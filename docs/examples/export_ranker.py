#!/usr/bin/env python3
"""Trains a ranker with PyTorch on what 'winnow train --examples FOLDER' wrote, and exports it as ONNX.

    ./winnow train --data data --examples examples
    python3 export_ranker.py examples/ranker ranker.onnx
    ./winnow releases import-model --data data --ranker ranker.onnx --ranker-inputs examples/ranker/inputs.txt

Needs PyTorch 1.13 or later and NumPy. What the network must look like is in docs/bring-your-own-model.md.
"""

import argparse
import os

import numpy as np
import torch
from torch import nn


class Ranker(nn.Module):
    """Features with unknowns in, a probability for each objective out: (C, F) -> (C, T)."""

    def __init__(self, mean, scale, objectives, hidden):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.layers = nn.Sequential(
            nn.Linear(2 * len(mean), hidden), nn.ReLU(), nn.Linear(hidden, objectives)
        )

    def logits(self, features):
        known = ~torch.isnan(features)
        scaled = (features - self.mean) * self.scale
        # An unknown feature counts as its mean, and a flag says so.
        filled = torch.where(known, scaled, torch.zeros_like(scaled)).clamp(-8, 8)
        return self.layers(torch.cat([filled, known.float()], dim=1))

    def forward(self, features):
        return torch.sigmoid(self.logits(features))


def auc(scores, labels):
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    positives = labels.sum()
    negatives = len(labels) - positives
    if positives == 0 or negatives == 0:
        return float("nan")
    return (ranks[labels > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("examples", help="the folder 'ranker' that 'winnow train --examples' wrote")
    parser.add_argument("out", help="the ONNX file to write")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    def load(name):
        return np.load(os.path.join(args.examples, name))

    features, labels, groups = load("features.npy"), load("labels.npy"), load("groups.npy")
    # Requests are in the order of time: the newest tenth shows when to stop, and is not learned from.
    cut = groups[int((len(groups) - 1) * 0.9)]
    x, y = torch.from_numpy(features[:cut]), torch.from_numpy(labels[:cut])
    later_x, later_y = torch.from_numpy(features[cut:]), torch.from_numpy(labels[cut:])

    known = ~torch.isnan(x)
    filled = torch.where(known, x, torch.zeros_like(x))
    count = known.sum(0).clamp(min=1)
    mean = filled.sum(0) / count
    variance = (torch.where(known, x - mean, torch.zeros_like(x)) ** 2).sum(0) / count
    model = Ranker(mean, 1 / (variance + 1e-6).sqrt(), y.shape[1], args.hidden)

    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    loss_of = nn.BCEWithLogitsLoss()
    best, best_loss = None, float("inf")
    for epoch in range(1, args.epochs + 1):
        model.train()
        for batch in torch.randperm(len(x)).split(512):
            optimizer.zero_grad()
            loss_of(model.logits(x[batch]), y[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            later_loss = loss_of(model.logits(later_x), later_y).item()
            figures = [auc(p, t) for p, t in zip(model(later_x).numpy().T, later_y.numpy().T)]
        print(f"epoch {epoch}: loss {later_loss:.4f}, auc {' '.join(f'{a:.4f}' for a in figures)}")
        if later_loss < best_loss:
            best_loss = later_loss
            best = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(best)

    torch.onnx.export(
        model,
        x[:2],
        args.out,
        opset_version=17,
        input_names=["features"],
        output_names=["probabilities"],
        dynamic_axes={"features": {0: "C"}, "probabilities": {0: "C"}},
    )
    print(f"{args.out}: {os.path.getsize(args.out):,} bytes")


if __name__ == "__main__":
    main()
