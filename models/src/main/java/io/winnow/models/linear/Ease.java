package io.winnow.models.linear;

import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import io.winnow.models.ModelFile;
import io.winnow.models.Stripes;
import io.winnow.models.TopK;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * EASE: the linear item-to-item autoencoder with a closed form (Steck: Embarrassingly shallow
 * autoencoders for sparse data, WWW 2019).
 *
 * <p>With X the users × items matrix of training, {@code P = (XᵀX + λI)⁻¹} and {@code B[i][j] =
 * -P[i][j] / P[j][j]}, zero on the diagonal; a request scores {@code Σ_i w_i B[i][j]} over its
 * history. X is binary; each user's row may be weighted by {@code length^-userPower}, so that the
 * busiest do not decide. Where the paper weighs a history's items alike, {@code memoryPower} lets
 * older ones count less, because what comes next is asked, not what was held out at random.
 *
 * <p>Bounds: of N items the M most popular take part, the others score 0. Training takes 4·M² bytes
 * for the matrix (64 MB at M = 4,000, 1.6 GB at 20,000), 16·M·K while the rows are joined, 8 an
 * event, and M³/2 multiply-adds; the model takes at most 8·M·K bytes. Where the matrix and the rows
 * do not fit the heap, training is refused before it begins. The outcome does not depend on the
 * number of threads. Immutable.
 */
public final class Ease implements ItemScorer {
  private static final String KIND = "ease";
  private static final int VERSION = 2;
  private static final int STRIPES_PER_THREAD = 16;

  private final double memoryPower;
  private final int historyLimit;
  private final SparseRows rows;

  private Ease(double memoryPower, int historyLimit, SparseRows rows) {
    this.memoryPower = memoryPower;
    this.historyLimit = historyLimit;
    this.rows = rows;
  }

  /**
   * How to train and score.
   *
   * @param lambda λ, the regularisation
   * @param userPower a user's row is weighted by its length to minus this; 0 is the paper's
   * @param itemLimit M, how many of the most popular items take part
   * @param rowLimit K, how many entries of a row are kept, the largest by magnitude
   * @param historyLimit how many of a user's newest distinct items count, in training and requests
   * @param memoryPower an item of the history with a newer ones counts {@code (1 +
   *     a)^-memoryPower}; 0 for all alike
   */
  public record Config(
      double lambda,
      double userPower,
      int itemLimit,
      int rowLimit,
      int historyLimit,
      double memoryPower) {
    /** Good on films and on baskets. */
    public static final Config DEFAULT = new Config(500, 0, 5000, 1000, 1000, 0.75);

    /** Checks the ranges. */
    public Config {
      new Checks()
          .range("lambda", lambda, 1e-3, 1e9)
          .range("userPower", userPower, 0, 2)
          .range("itemLimit", itemLimit, 1, 20_000)
          .range("rowLimit", rowLimit, 1, 20_000)
          .range("historyLimit", historyLimit, 1, 10_000)
          .range("memoryPower", memoryPower, 0, 10)
          .done();
    }
  }

  /** Trains without a word; see the class for what it costs. */
  public static Ease train(Interactions interactions, Config config, int threads) {
    return train(interactions, config, threads, TrainingSteps.silent());
  }

  /**
   * Trains; see the class for what it costs.
   *
   * @param progress hears how much of the matrix is inverted; there is no objective
   * @throws WinnowException INVALID_ARGUMENT if the matrix does not fit the heap, or λ is too small
   *     for it to be inverted in single precision
   */
  public static Ease train(
      Interactions interactions, Config config, int threads, TrainingSteps progress) {
    Checks.items(interactions);
    int[] chosen = mostPopular(interactions, config.itemLimit());
    int m = chosen.length;
    checkHeap(m, config.rowLimit(), Runtime.getRuntime().maxMemory());
    int stride = SymmetricInverse.paddedSize(m);
    float[] gram = new float[Math.multiplyExact(stride, stride)];
    int[] rankOf = ranks(chosen, interactions.itemCount());
    fillGram(interactions, rankOf, config, gram, stride, threads);
    for (int i = 0; i < m; i++) {
      gram[i * stride + i] += (float) config.lambda();
    }
    try {
      SymmetricInverse.invert(
          m,
          gram,
          threads,
          (block, blocks) -> progress.onStep("ease", block, blocks, () -> Double.NaN));
    } catch (IllegalArgumentException e) {
      throw WinnowException.invalid("lambda", config.lambda(), "more: " + e.getMessage());
    }
    SparseRows rows =
        SparseRows.build(
            interactions.itemCount(),
            threads,
            () -> item -> row(rankOf[item], chosen, gram, stride, config.rowLimit()));
    return new Ease(config.memoryPower(), config.historyLimit(), rows);
  }

  /** Refuses what would end in the middle for want of memory, and says what would fit. */
  static void checkHeap(int items, int rowLimit, long heapBytes) {
    if (bytes(items, rowLimit) > heapBytes) {
      int most = items;
      while (bytes(most, rowLimit) > heapBytes) {
        most -= Math.max(1, most / 100);
      }
      throw WinnowException.invalid(
          "itemLimit",
          items,
          "at most %,d with a heap of %,d MiB".formatted(most, heapBytes >> 20));
    }
  }

  private static long bytes(long items, long rowLimit) {
    long stride = SymmetricInverse.paddedSize((int) items);
    return Float.BYTES * stride * stride + 16 * items * Math.min(items, rowLimit);
  }

  /** The most popular items that occur at all, best first. */
  private static int[] mostPopular(Interactions interactions, int limit) {
    int[] counts = interactions.itemCounts();
    TopK best = new TopK(Math.min(limit, interactions.itemCount()));
    for (int item = 0; item < counts.length; item++) {
      if (counts[item] > 0) {
        best.offer(item, counts[item]);
      }
    }
    return best.drain().items();
  }

  private static int[] ranks(int[] chosen, int itemCount) {
    int[] rankOf = new int[itemCount];
    Arrays.fill(rankOf, -1);
    for (int rank = 0; rank < chosen.length; rank++) {
      rankOf[chosen[rank]] = rank;
    }
    return rankOf;
  }

  /** The lower triangle of XᵀX, a row at a time, which stays in the cache. */
  private static void fillGram(
      Interactions interactions,
      int[] rankOf,
      Config config,
      float[] gram,
      int stride,
      int threads) {
    Adjacency byUser =
        Adjacency.byUser(interactions, config.historyLimit()).relabel(rankOf, threads);
    Adjacency byRank = byUser.transpose(stride);
    float[] weights = new float[byUser.size()];
    for (int user = 0; user < weights.length; user++) {
      int size = byUser.offsets()[user + 1] - byUser.offsets()[user];
      // A row weighted w adds w² to the product; the power is that of the product.
      weights[user] = (float) Math.pow(size, -config.userPower());
    }
    Stripes.run(
        threads,
        stride,
        Math.max(1, Math.ceilDiv(stride, STRIPES_PER_THREAD * threads)),
        (from, to) -> {
          for (int rank = from; rank < to; rank++) {
            for (int e = byRank.offsets()[rank]; e < byRank.offsets()[rank + 1]; e++) {
              int user = byRank.neighbours()[e];
              // Ascending: what lies beyond the diagonal is not needed.
              for (int at = byUser.offsets()[user]; at < byUser.offsets()[user + 1]; at++) {
                int other = byUser.neighbours()[at];
                if (other > rank) {
                  break;
                }
                gram[rank * stride + other] += weights[user];
              }
            }
          }
        });
  }

  private static TopK.Ranked row(
      int rank, int[] chosen, float[] inverse, int stride, int rowLimit) {
    if (rank < 0) {
      return new TopK.Ranked(new int[0], new float[0]);
    }
    float[] row = new float[chosen.length];
    TopK largest = new TopK(Math.min(rowLimit, chosen.length));
    for (int j = 0; j < chosen.length; j++) {
      float p = j <= rank ? inverse[rank * stride + j] : inverse[j * stride + rank];
      row[j] = j == rank ? 0f : -p / inverse[j * stride + j];
      if (row[j] != 0f) {
        largest.offer(j, Math.abs(row[j]));
      }
    }
    int[] ranks = largest.drain().items();
    int[] items = new int[ranks.length];
    float[] values = new float[ranks.length];
    for (int e = 0; e < ranks.length; e++) {
      items[e] = chosen[ranks[e]];
      values[e] = row[ranks[e]];
    }
    return new TopK.Ranked(items, values);
  }

  @Override
  public int itemCount() {
    return rows.itemCount();
  }

  @Override
  public void score(int[] history, long[] timesMs, long nowMs, float[] scores) {
    Arrays.fill(scores, 0, itemCount(), 0f);
    int[] newest = History.newestDistinct(history, itemCount(), historyLimit);
    for (int s = 0; s < newest.length; s++) {
      rows.addRow(newest[s], History.weight(s, memoryPower), scores);
    }
  }

  /** The same model under other item indices. */
  public Ease remap(int[] newIndexOfOld, int newItemCount) {
    return new Ease(memoryPower, historyLimit, rows.remap(newIndexOfOld, newItemCount));
  }

  /** Writes a {@link ModelFile}. */
  public void write(Path file) {
    ModelFile.write(
        file,
        KIND,
        VERSION,
        out -> {
          ModelFile.writeDoubles(out, memoryPower, historyLimit);
          rows.write(out);
        });
  }

  /** Reads what {@link #write} wrote. */
  public static Ease read(Path file) {
    return ModelFile.read(
        file,
        KIND,
        VERSION,
        in -> {
          double[] c = ModelFile.readDoubles(in, 2);
          return new Ease(c[0], (int) c[1], SparseRows.read(in));
        });
  }
}
