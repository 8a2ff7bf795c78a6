"""What the peers share: the data that they train on, and how they print a figure."""

import gzip
import json
import os

import numpy as np

USERS, ITEMS, EVENTS = 6040, 3416, 999_611


def sequences(dataset):
    """Each user's items, from 0, oldest first: of a folder, or generated in MovieLens-1M's size."""
    if dataset is None:
        return generated(), ITEMS
    users = {}
    with gzip.open(os.path.join(dataset, "sasrec-sequences.txt.gz"), "rt") as lines:
        for line in lines:
            user, item = line.split()
            users.setdefault(user, []).append(int(item) - 1)
    histories = [np.array(items) for items in users.values()]
    return histories, 1 + max(int(history.max()) for history in histories)


def generated():
    """Histories of as different lengths, few popular items, no item twice in one of them."""
    random = np.random.default_rng(1)
    shares = np.exp(random.standard_normal(USERS))
    lengths = 17 + np.floor((EVENTS - 17 * USERS) * shares / shares.sum()).astype(int)
    chances = 1 / np.sqrt(1.0 + np.arange(ITEMS))
    chances /= chances.sum()
    return [
        random.choice(ITEMS, size=min(int(length), ITEMS), replace=False, p=chances)
        for length in lengths
    ]


def report(figure, value, unit, peer, **more):
    """One line of JSON."""
    print(json.dumps({"figure": figure, "value": value, "unit": unit, "peer": peer, **more}))
