#!/usr/bin/env python3
"""Seconds for an epoch of SASRec in PyTorch (Kang, McAuley 2018).

As in `winnow bench training`: d=64, L=200, 2 blocks of 2 heads, histories cut into windows of at most L inputs,
windows of about one length together, a softmax cross-entropy at every position between the next item and either the
whole catalogue or a shared sample of it with its log-chances subtracted, AdamW. Prints one line of JSON.
"""

import argparse
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import peers

HELD_OUT_USERS = 1000


class Block(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.dense1 = nn.Linear(width, 2 * width)
        self.dense2 = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mask):
        rows, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(rows, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        if hasattr(F, "scaled_dot_product_attention"):
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            logits = torch.baddbmm(
                mask.expand(rows * self.heads, -1, -1),
                q.reshape(rows * self.heads, length, -1),
                k.reshape(rows * self.heads, length, -1).transpose(1, 2),
                alpha=(width // self.heads) ** -0.5,
            )
            mixed = torch.bmm(logits.softmax(-1), v.reshape(rows * self.heads, length, -1))
            mixed = mixed.view(rows, self.heads, length, -1)
        x = x + self.dropout(self.out(mixed.transpose(1, 2).reshape(rows, length, width)))
        return x + self.dropout(self.dense2(F.relu(self.dense1(self.norm2(x)))))


class SasRec(nn.Module):
    def __init__(self, items, length, width=64, blocks=2, heads=2, dropout=0.1):
        super().__init__()
        self.items = nn.Embedding(items, width)
        self.positions = nn.Embedding(length, width)
        nn.init.normal_(self.items.weight, std=0.05)
        nn.init.normal_(self.positions.weight, std=0.05)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, history):
        length = history.shape[1]
        x = self.dropout(self.items(history) + self.positions(torch.arange(length)))
        mask = torch.full((1, length, length), float("-inf")).triu(1)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)


def windows(histories, length, random):
    """Inputs and targets of every event but the first, the first cut of a long history at random."""
    cut = []
    for history in histories:
        targets = len(history) - 1
        done = 0
        take = targets if targets <= length else int(random.integers(1, length + 1))
        while done < targets:
            take = min(take, targets - done)
            cut.append((history[done : done + take], history[done + 1 : done + take + 1]))
            done += take
            take = length
    order = random.permutation(len(cut))
    return sorted((cut[i] for i in order), key=lambda window: len(window[0]))


def batches(cut, positions, random):
    """Windows of about one length, padded behind; causality hides the padding."""
    found = []
    start = 0
    while start < len(cut):
        end = start + 1
        while end < len(cut) and (end + 1 - start) * len(cut[end][0]) <= positions:
            end += 1
        longest = len(cut[end - 1][0])
        history = np.zeros((end - start, longest), dtype=np.int64)
        real = np.zeros((end - start, longest), dtype=bool)
        for row, (inputs, _) in enumerate(cut[start:end]):
            history[row, : len(inputs)] = inputs
            real[row, : len(inputs)] = True
        targets = np.concatenate([window[1] for window in cut[start:end]])
        found.append((history, real.reshape(-1).nonzero()[0], targets))
        start = end
    return [found[i] for i in random.permutation(len(found))]


def loss_of(model, batch, sample, log_chances):
    history, places, targets = (torch.from_numpy(part) for part in batch)
    queries = model(history).reshape(-1, model.items.weight.shape[1])[places]
    if sample is None:
        return F.cross_entropy(queries @ model.items.weight.T, targets)
    right = (queries * model.items(targets)).sum(1, keepdim=True)
    wrong = queries @ model.items(sample).T - log_chances[sample]
    wrong = wrong.masked_fill(targets[:, None] == sample[None, :], -1e9)
    return F.cross_entropy(torch.cat([right, wrong], 1), torch.zeros(len(targets), dtype=torch.long))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--dataset", help="the folder with sasrec-sequences.txt.gz; otherwise generated data")
    arguments.add_argument("--epochs", type=int, default=2, help="the first is not counted")
    arguments.add_argument("--positions", type=int, default=1600, help="of a step, padding included")
    arguments.add_argument("--negatives", type=int, default=0, help="a step; 0 for the whole catalogue")
    arguments.add_argument("--length", type=int, default=200)
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    arguments.add_argument("--max-seconds", type=float, default=0, help="extrapolate an epoch that takes longer")
    chosen = arguments.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    histories, items = peers.sequences(chosen.dataset)
    # The benchmark's encoder holds the last event of so many users out.
    histories = [h[:-1] if u < HELD_OUT_USERS else h for u, h in enumerate(histories)]
    counts = np.bincount(np.concatenate(histories), minlength=items)
    chances = counts**0.75
    chances = 0.7 * chances / chances.sum() + 0.3 / items
    log_chances = torch.from_numpy(np.log(chosen.negatives * chances + 1e-30)).float()
    model = SasRec(items, chosen.length)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.98), weight_decay=0.01)
    seconds = []
    for _ in range(chosen.epochs):
        began = time.perf_counter()
        plan = batches(windows(histories, chosen.length, random), chosen.positions, random)
        total, share = 0.0, 1.0
        for step, batch in enumerate(plan):
            sample = None
            if 0 < chosen.negatives < items:
                sample = torch.from_numpy(random.choice(items, size=chosen.negatives, p=chances))
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model, batch, sample, log_chances)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5)
            optimizer.step()
            total += float(loss)
            if chosen.max_seconds and time.perf_counter() - began > chosen.max_seconds:
                share = (step + 1) / len(plan)
                break
        seconds.append((time.perf_counter() - began) / share)
    peers.report(
        "encoder.seconds_per_epoch",
        min(seconds[1:] or seconds),
        "s",
        f"SASRec, PyTorch {torch.__version__}",
        threads=chosen.threads,
        loss=total / (step + 1),
        steps=len(plan),
        extrapolated=share < 1,
    )


if __name__ == "__main__":
    main()
