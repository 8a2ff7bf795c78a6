#!/usr/bin/env python3
"""Trains a query encoder and item vectors with PyTorch on what 'winnow train --examples FOLDER' wrote, and exports them.

    ./winnow train --data data --examples examples
    python3 export_encoder.py examples/encoder exported
    ./winnow releases import-model --data data \\
        --encoder exported/encoder.onnx --item-vectors exported/item-vectors.npy --items exported/items.txt

Needs PyTorch 1.13 or later and NumPy. What the network must look like is in docs/bring-your-own-model.md.
"""

import argparse
import os

import numpy as np
import torch
from torch import nn


class Encoder(nn.Module):
    """The vectors of a user's last items in, a query vector out: (B, L, E), (B, L) -> (B, E).

    One layer of attention by the latest item, which prefers what is recent; then a layer that mixes both.
    """

    def __init__(self, size):
        super().__init__()
        self.key = nn.Linear(size, size, bias=False)
        self.ask = nn.Linear(size, size, bias=False)
        self.recency = nn.Parameter(torch.tensor(0.5))
        self.mix = nn.Sequential(nn.Linear(2 * size, size), nn.ReLU(), nn.Linear(size, size))
        self.scale = size**-0.5

    def forward(self, history, last):
        # 'last' is 1 at the latest item. What comes behind it is padding, of any value.
        from_here_on = torch.flip(torch.cumsum(torch.flip(last, [1]), 1), [1])
        latest = (history * last.unsqueeze(2)).sum(1)
        later = torch.flip(torch.cumsum(torch.flip(from_here_on, [1]), 1), [1]) - from_here_on
        fit = (self.key(history) * self.ask(latest).unsqueeze(1)).sum(2) * self.scale
        fit = fit - torch.abs(self.recency) * torch.log1p(later) - 1e9 * (1 - from_here_on)
        read = (history * torch.softmax(fit, 1).unsqueeze(2)).sum(1)
        return latest + self.mix(torch.cat([latest, read], 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("examples", help="the folder 'encoder' that 'winnow train --examples' wrote")
    parser.add_argument("out", help="takes encoder.onnx, item-vectors.npy and items.txt")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--size", type=int, default=32, help="E")
    parser.add_argument("--length", type=int, default=50, help="L")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    def load(name):
        return np.load(os.path.join(args.examples, name))

    with open(os.path.join(args.examples, "items.txt"), encoding="utf-8") as lines:
        ids = lines.read().splitlines()
    events, offsets = load("sequence-items.npy"), load("sequence-offsets.npy")
    users = [events[a:b] for a, b in zip(offsets[:-1], offsets[1:]) if b - a >= 3]

    encoder = Encoder(args.size)
    items = nn.Embedding(len(ids), args.size)
    nn.init.normal_(items.weight, std=0.1)

    def batch(chosen, ends):
        """Histories before an event of each user, and the event."""
        histories = [users[u][max(0, end - args.length) : end] for u, end in zip(chosen, ends)]
        longest = max(map(len, histories))
        rows = torch.zeros(len(chosen), longest, dtype=torch.long)
        last = torch.zeros(len(chosen), longest)
        for i, history in enumerate(histories):
            rows[i, : len(history)] = torch.from_numpy(history.astype(np.int64))
            last[i, len(history) - 1] = 1
        return rows, last, torch.tensor([int(users[u][end]) for u, end in zip(chosen, ends)])

    optimizer = torch.optim.Adam(list(encoder.parameters()) + list(items.parameters()), lr=5e-3)
    for epoch in range(1, args.epochs + 1):
        total = 0.0
        # Each user's latest event is held out.
        for chosen in torch.randperm(len(users)).split(64):
            chosen = chosen.tolist()
            ends = [int(torch.randint(1, len(users[u]) - 1, ())) for u in chosen]
            rows, last, target = batch(chosen, ends)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(encoder(items(rows), last) @ items.weight.T, target)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(chosen)
        if epoch % 10 == 0 or epoch == args.epochs:
            with torch.no_grad():
                hits = 0
                for chosen in torch.arange(len(users)).split(256):
                    chosen = chosen.tolist()
                    rows, last, target = batch(chosen, [len(users[u]) - 1 for u in chosen])
                    scores = encoder(items(rows), last) @ items.weight.T
                    for row, u in enumerate(chosen):
                        scores[row, torch.from_numpy(users[u][:-1].astype(np.int64))] = -np.inf
                    hits += (scores.topk(10).indices == target.unsqueeze(1)).sum().item()
            print(f"epoch {epoch}: loss {total / len(users):.4f}, hr@10 {hits / len(users):.4f}")

    os.makedirs(args.out, exist_ok=True)
    # Items without an event have learned nothing: they get no vector.
    met = np.unique(events)
    np.save(os.path.join(args.out, "item-vectors.npy"), items.weight.detach().numpy()[met].astype(np.float32))
    with open(os.path.join(args.out, "items.txt"), "w", encoding="utf-8") as lines:
        lines.writelines(ids[item] + "\n" for item in met)
    rows, last, _ = batch([0, 1], [len(users[0]) - 1, len(users[1]) - 1])
    path = os.path.join(args.out, "encoder.onnx")
    torch.onnx.export(
        encoder.eval(),
        (items(rows).detach(), last),
        path,
        opset_version=17,
        input_names=["history", "last"],
        output_names=["query"],
        dynamic_axes={"history": {0: "B", 1: "L"}, "last": {0: "B", 1: "L"}, "query": {0: "B"}},
    )
    print(f"{path}: {os.path.getsize(path):,} bytes; {len(met):,} item vectors of {args.size}")


if __name__ == "__main__":
    main()
