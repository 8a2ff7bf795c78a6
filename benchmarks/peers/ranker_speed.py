#!/usr/bin/env python3
"""Examples a second of the ranking network in PyTorch.

The network of `winnow bench training`: standardised features and flags of the unknown ones through two cross layers
(DCN-v2) beside two hidden layers, two heads, a weight a position; the mean of binary and listwise cross-entropies;
AdamW; steps of about 1,024 rows of whole requests of 20. Prints one line of JSON.
"""

import argparse
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import peers

ROWS_OF_REQUEST = 20
FEATURES = 40
HEADS = 2


class Ranker(nn.Module):
    def __init__(self, means, scales, unknown, hidden1=128, hidden2=64, cross=2, dropout=0.1):
        super().__init__()
        self.register_buffer("means", means)
        self.register_buffer("scales", scales)
        self.register_buffer("unknown", unknown)
        width = len(means) + len(unknown)
        self.cross = nn.ModuleList(nn.Linear(width, width) for _ in range(cross))
        self.dense1 = nn.Linear(width, hidden1)
        self.dense2 = nn.Linear(hidden1, hidden2)
        self.heads = nn.Linear(width + hidden2, HEADS)
        self.positions = nn.Embedding(64, HEADS)
        nn.init.zeros_(self.positions.weight)
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows, positions):
        missing = torch.isnan(rows)
        x = ((torch.nan_to_num(rows) - self.means) * self.scales).clamp(-6, 6)
        x0 = torch.cat([x.masked_fill(missing, 0), missing[:, self.unknown].float()], 1)
        crossed = x0
        for layer in self.cross:
            crossed = x0 * layer(crossed) + crossed
        hidden = self.dropout(F.relu(self.dense1(x0)))
        hidden = self.dropout(F.relu(self.dense2(hidden)))
        return self.heads(torch.cat([crossed, hidden], 1)) + self.positions(positions)


def loss_of(logits, labels, weights):
    requests = len(logits) // ROWS_OF_REQUEST
    entropy = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    pointwise = (entropy * weights).sum() / requests
    gains = (labels @ (weights * 3)).view(requests, ROWS_OF_REQUEST)
    targets = gains / gains.sum(1, keepdim=True).clamp(min=1e-9)
    lists = (logits @ weights).view(requests, ROWS_OF_REQUEST)
    listwise = -(lists.log_softmax(1) * targets).sum() / requests
    return 0.5 * pointwise + 0.5 * listwise


def examples(requests):
    random = np.random.default_rng(1)
    rows = requests * ROWS_OF_REQUEST
    features = random.standard_normal((rows, FEATURES), dtype=np.float32)
    logits = -2 + 0.5 * features[:, :6].sum(1)
    chances = 1 / (1 + np.exp([0, 2] - logits[:, None]))
    labels = (random.random((rows, HEADS)) < chances).astype(np.float32)
    half = FEATURES // 2
    features[:, half:][random.random((rows, FEATURES - half)) < 0.05] = np.nan
    positions = np.arange(rows) % ROWS_OF_REQUEST
    return torch.from_numpy(features), torch.from_numpy(labels), torch.from_numpy(positions)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=10_000)
    arguments.add_argument("--rows", type=int, default=1024, help="of a step")
    arguments.add_argument("--epochs", type=int, default=3, help="the first is not counted")
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(1)
    features, labels, positions = examples(chosen.requests)
    train = int(chosen.requests * 0.85)
    known = np.ma.masked_invalid(features[: train * ROWS_OF_REQUEST].numpy())
    model = Ranker(
        torch.from_numpy(known.mean(0).data.astype(np.float32)),
        torch.from_numpy((1 / known.std(0).data).astype(np.float32)),
        torch.arange(FEATURES // 2, FEATURES),
    )
    weights = torch.tensor([1 / 3, 2 / 3])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    features = features.view(chosen.requests, ROWS_OF_REQUEST, FEATURES)
    labels = labels.view(chosen.requests, ROWS_OF_REQUEST, HEADS)
    positions = positions.view(chosen.requests, ROWS_OF_REQUEST)
    step = -(-chosen.rows // ROWS_OF_REQUEST)
    seconds = []
    for _ in range(chosen.epochs):
        began = time.perf_counter()
        model.train()
        total, steps = 0.0, 0
        for batch in torch.randperm(train).split(step):
            optimizer.zero_grad(set_to_none=True)
            logits = model(features[batch].flatten(0, 1), positions[batch].flatten())
            loss = loss_of(logits, labels[batch].flatten(0, 1), weights)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()
            total += float(loss)
            steps += 1
        # The benchmark measures half of the held-out requests after each epoch.
        model.eval()
        with torch.no_grad():
            held_out = slice(train, train + (chosen.requests - train) // 2)
            logits = model(features[held_out].flatten(0, 1), positions[held_out].flatten())
            loss_of(logits, labels[held_out].flatten(0, 1), weights)
        seconds.append(time.perf_counter() - began)
    peers.report(
        "ranker.examples_per_second",
        train * ROWS_OF_REQUEST / min(seconds[1:] or seconds),
        "rows/s",
        f"PyTorch {torch.__version__}",
        threads=chosen.threads,
        loss=total / steps,
    )


if __name__ == "__main__":
    main()
