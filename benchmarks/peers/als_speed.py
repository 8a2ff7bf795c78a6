#!/usr/bin/env python3
"""Events a second, a core and an iteration of implicit ALS with 64 factors.

With `implicit` (its conjugate-gradient solver, which is its default, and its exact one) where it can be imported;
otherwise with NumPy: exact normal equations, one batch of equal-sized rows after another, so that all the work is in
BLAS and LAPACK, on one core. An iteration solves for all users and all items once. Prints one line of JSON for each solver.
"""

import argparse
import os
import time

chosen = argparse.ArgumentParser(description=__doc__)
chosen.add_argument("--dataset", help="the folder with sasrec-sequences.txt.gz; otherwise generated data")
chosen.add_argument("--iterations", type=int, default=4, help="the first is not counted")
chosen.add_argument("--factors", type=int, default=64)
chosen.add_argument("--threads", type=int, default=os.cpu_count(), help="of implicit")
chosen = chosen.parse_args()
# BLAS reads these when it is loaded. implicit wants BLAS on one thread below its own threads; and matrices of 64 by 64
# are too small for NumPy's BLAS to share out, so that its figure is that of one core.
for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402

import peers  # noqa: E402

try:
    import implicit
except ImportError:
    implicit = None

UNOBSERVED = 0.2
REGULARISATION = 0.005
BATCH_FLOATS = 1 << 22


def pairs(histories):
    users = np.concatenate([np.full(len(np.unique(h)), u) for u, h in enumerate(histories)])
    return users, np.concatenate([np.unique(h) for h in histories])


def with_implicit(users, items, shape, use_cg):
    from scipy import sparse
    matrix = sparse.csr_matrix((np.full(len(users), 5, np.float32), (users, items)), shape)
    laps = []
    model = implicit.als.AlternatingLeastSquares(
        factors=chosen.factors,
        regularization=1.0,
        iterations=chosen.iterations,
        use_cg=use_cg,
        num_threads=chosen.threads,
        random_state=1,
    )
    began = time.perf_counter()
    model.fit(matrix, show_progress=False, callback=lambda *_: laps.append(time.perf_counter()))
    return min(np.diff(laps)) if len(laps) > 1 else (time.perf_counter() - began) / chosen.iterations


def rows_by_length(rows, columns, count):
    """Batches of (rows, neighbours): rows of one length together, so that each batch is one array."""
    order = np.argsort(rows, kind="stable")
    columns = columns[order]
    lengths = np.bincount(rows, minlength=count)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    batches = []
    for length in np.unique(lengths[lengths > 0]):
        same = np.flatnonzero(lengths == length)
        step = max(1, BATCH_FLOATS // (length * chosen.factors))
        for at in range(0, len(same), step):
            batch = same[at : at + step]
            batches.append((batch, columns[starts[batch][:, None] + np.arange(length)]))
    return batches


def solve(batches, fixed, solved):
    gram = UNOBSERVED * fixed.T @ fixed
    diagonal = np.arange(chosen.factors)
    for rows, neighbours in batches:
        known = fixed[neighbours]
        matrices = gram + known.transpose(0, 2, 1) @ known
        scale = REGULARISATION * (neighbours.shape[1] + UNOBSERVED * len(fixed))
        matrices[:, diagonal, diagonal] += np.float32(scale)
        solved[rows] = np.linalg.solve(matrices, known.sum(1)[:, :, None])[:, :, 0]


def with_numpy(users, items, shape):
    random = np.random.default_rng(1)
    x = np.zeros((shape[0], chosen.factors), np.float32)
    y = (0.1 / chosen.factors**0.5 * random.standard_normal((shape[1], chosen.factors))).astype(np.float32)
    by_user = rows_by_length(users, items, shape[0])
    by_item = rows_by_length(items, users, shape[1])
    laps = []
    for _ in range(chosen.iterations):
        began = time.perf_counter()
        solve(by_user, y, x)
        solve(by_item, x, y)
        laps.append(time.perf_counter() - began)
    return min(laps[1:] or laps)


def main():
    histories, item_count = peers.sequences(chosen.dataset)
    users, items = pairs(histories)
    shape = (len(histories), item_count)
    threads = 1 if implicit is None else chosen.threads
    solvers = {}
    if implicit is None:
        name = f"NumPy {np.__version__}, exact, one core (implicit is not installed)"
        solvers[name] = with_numpy(users, items, shape)
    else:
        for use_cg in (True, False):
            name = f"implicit {implicit.__version__}, {'3 steps of CG' if use_cg else 'exact'}"
            solvers[name] = with_implicit(users, items, shape, use_cg)
    for name, seconds in solvers.items():
        peers.report(
            "als.events_per_second_core",
            len(users) / (seconds * threads),
            "events/s",
            name,
            threads=threads,
            seconds=seconds,
        )


if __name__ == "__main__":
    main()
