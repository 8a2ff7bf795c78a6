package io.winnow.models.linear;

import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import io.winnow.models.ModelFile;
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
 * busiest do not decide. Where the paper weighs a history's items alike, {@code halfLifeItems} lets
 * older ones count less, because what comes next is asked, not what was held out at random.
 *
 * <p>Bounds: of N items the M most popular take part, the others score 0. Training takes 4·M²·(1 +
 * small) bytes (64 MB at M = 4,000, 144 MB at 6,000) and M³/2 multiply-adds; the model at most
 * 8·M·K bytes. Immutable.
 */
public final class Ease implements ItemScorer {
  private static final String KIND = "ease";
  private static final int VERSION = 1;

  private final double halfLifeItems;
  private final int historyLimit;
  private final SparseRows rows;

  private Ease(double halfLifeItems, int historyLimit, SparseRows rows) {
    this.halfLifeItems = halfLifeItems;
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
   * @param halfLifeItems after how many newer items one of the history counts half; infinite for no
   *     decay
   */
  public record Config(
      double lambda,
      double userPower,
      int itemLimit,
      int rowLimit,
      int historyLimit,
      double halfLifeItems) {
    /** Good on films and on baskets. */
    public static final Config DEFAULT = new Config(500, 0, 5000, 1000, 1000, 4);

    /** Checks the ranges. */
    public Config {
      new Checks()
          .range("lambda", lambda, 1e-3, 1e9)
          .range("userPower", userPower, 0, 2)
          .range("itemLimit", itemLimit, 1, 20_000)
          .range("rowLimit", rowLimit, 1, 20_000)
          .range("historyLimit", historyLimit, 1, 10_000)
          .range("halfLifeItems", halfLifeItems, 0.1, Double.POSITIVE_INFINITY)
          .done();
    }
  }

  /** Trains; see the class for what it costs. */
  public static Ease train(Interactions interactions, Config config, int threads) {
    int[] chosen = mostPopular(interactions, config.itemLimit());
    int m = chosen.length;
    int stride = SymmetricInverse.paddedSize(m);
    float[] gram = new float[Math.multiplyExact(stride, stride)];
    fillGram(interactions, chosen, config, gram, stride);
    for (int i = 0; i < m; i++) {
      gram[i * stride + i] += (float) config.lambda();
    }
    SymmetricInverse.invert(m, gram, threads);
    int[] rankOf = ranks(chosen, interactions.itemCount());
    SparseRows rows =
        SparseRows.build(
            interactions.itemCount(),
            threads,
            () -> item -> row(rankOf[item], chosen, gram, stride, config.rowLimit()));
    return new Ease(config.halfLifeItems(), config.historyLimit(), rows);
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

  /** The lower triangle of XᵀX. */
  private static void fillGram(
      Interactions interactions, int[] chosen, Config config, float[] gram, int stride) {
    int[] rankOf = ranks(chosen, interactions.itemCount());
    for (int u = 0; u < interactions.userCount(); u++) {
      int from = interactions.userOffsets()[u];
      int to = interactions.userOffsets()[u + 1];
      int[] items = Arrays.copyOfRange(interactions.items(), from, to);
      int[] ranks = new int[Math.min(items.length, config.historyLimit())];
      int size = 0;
      for (int item : History.newestDistinct(items, interactions.itemCount(), ranks.length)) {
        if (rankOf[item] >= 0) {
          ranks[size++] = rankOf[item];
        }
      }
      Arrays.sort(ranks, 0, size);
      // A row weighted w adds w² to the product; the power is that of the product.
      float weight = (float) Math.pow(size, -config.userPower());
      for (int a = 0; a < size; a++) {
        int row = ranks[a] * stride;
        for (int b = 0; b <= a; b++) {
          gram[row + ranks[b]] += weight;
        }
      }
    }
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
      rows.addRow(newest[s], (float) Math.pow(0.5, s / halfLifeItems), scores);
    }
  }

  /** The same model under other item indices. */
  public Ease remap(int[] newIndexOfOld, int newItemCount) {
    return new Ease(halfLifeItems, historyLimit, rows.remap(newIndexOfOld, newItemCount));
  }

  /** Writes a {@link ModelFile}. */
  public void write(Path file) {
    ModelFile.write(
        file,
        KIND,
        VERSION,
        out -> {
          out.writeDouble(halfLifeItems);
          out.writeInt(historyLimit);
          rows.write(out);
        });
  }

  /** Reads what {@link #write} wrote. */
  public static Ease read(Path file) {
    return ModelFile.read(
        file, KIND, VERSION, in -> new Ease(in.readDouble(), in.readInt(), SparseRows.read(in)));
  }
}
