package io.winnow.models.linear;

import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import io.winnow.models.ModelFile;
import io.winnow.models.TopK;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Scores an item by how often it followed the user's last few items in other users' histories.
 *
 * <p>Training counts pairs (i, j) where j came s = 1 … S events after i, weighted {@code
 * decay^(s-1)}, into C[i][j]. A row is normalised to
 *
 * <pre>
 * T[i][j] = C[i][j] / ((Σ_j C[i][j] + smoothing)^rowPower · (Σ_i C[i][j] + smoothing)^targetPower)
 * </pre>
 *
 * <p>and a request scores {@code Σ_s requestDecay^(s-1) · T[s-th newest item][j]} over its newest S
 * items. With {@code rowPower} 1 and {@code targetPower} 0 that is a mixture of Markov chains
 * (S-step, first order); the powers trade rare companions against popular ones, as the exponents of
 * cosine similarity do.
 *
 * <p>Memory: at most N · rowLimit entries of 8 bytes, nor more than 16 · events · S; a model of 2³¹
 * entries or more is refused. Immutable.
 */
public final class Transitions implements ItemScorer {
  private static final String KIND = "transitions";
  private static final int VERSION = 2;

  private final Config config;
  private final SparseRows rows;

  private Transitions(Config config, SparseRows rows) {
    this.config = config;
    this.rows = rows;
  }

  /**
   * How to count, normalise and score.
   *
   * @param steps S, how far apart a pair may be, and how many of the newest items score
   * @param decay weight of one step more in training
   * @param requestDecay weight of one item further back in the request's history
   * @param backward weight of pairs in the other order, 0 for none
   * @param rowPower 1 makes rows probabilities
   * @param targetPower how far popular targets are held back
   * @param smoothing pseudo-count that holds back rows and targets with little evidence
   * @param rowLimit K, how many entries of a row are kept
   */
  public record Config(
      int steps,
      double decay,
      double requestDecay,
      double backward,
      double rowPower,
      double targetPower,
      double smoothing,
      int rowLimit) {
    /** Good on films and on baskets. */
    public static final Config DEFAULT = new Config(10, 0.8, 0.7, 0.2, 0.8, 0.2, 20, 500);

    /** The same over five steps: the form in which the model is best known. */
    public static final Config FIVE_STEPS = new Config(5, 0.8, 0.7, 0.2, 0.8, 0.2, 20, 500);

    /** Checks the ranges. */
    public Config {
      new Checks()
          .range("steps", steps, 1, 100)
          .range("decay", decay, 0, 1)
          .range("requestDecay", requestDecay, 0, 1)
          .range("backward", backward, 0, 1)
          .range("rowPower", rowPower, 0, 2)
          .range("targetPower", targetPower, 0, 2)
          .range("smoothing", smoothing, 0, 1e6)
          .range("rowLimit", rowLimit, 1, 100_000)
          .done();
    }
  }

  /**
   * Counts and normalises; O(events · steps) time, 8·(N + events) bytes and 12·N for each thread.
   * The outcome does not depend on the number of threads.
   */
  public static Transitions train(Interactions interactions, Config config, int threads) {
    Checks.items(interactions);
    Occurrences occurrences = Occurrences.of(interactions);
    double[] targetMass = targetMass(interactions, config);
    SparseRows rows =
        SparseRows.build(
            interactions.itemCount(),
            threads,
            () -> new RowCounter(interactions, occurrences, targetMass, config)::row);
    return new Transitions(config, rows);
  }

  /** Σ_i C[i][j] for each j. */
  private static double[] targetMass(Interactions interactions, Config config) {
    double[] mass = new double[interactions.itemCount()];
    double[] weights = weights(config.steps(), config.decay());
    double[] upTo = new double[config.steps() + 1];
    for (int s = 0; s < config.steps(); s++) {
      upTo[s + 1] = upTo[s] + weights[s];
    }
    for (int u = 0; u < interactions.userCount(); u++) {
      int from = interactions.userOffsets()[u];
      int to = interactions.userOffsets()[u + 1];
      for (int e = from; e < to; e++) {
        double before = upTo[Math.min(config.steps(), e - from)];
        double after = upTo[Math.min(config.steps(), to - 1 - e)];
        mass[interactions.items()[e]] += before + config.backward() * after;
      }
    }
    return mass;
  }

  private static double[] weights(int steps, double decay) {
    double[] weights = new double[steps];
    for (int s = 0; s < steps; s++) {
      weights[s] = Math.pow(decay, s);
    }
    return weights;
  }

  @Override
  public int itemCount() {
    return rows.itemCount();
  }

  @Override
  public void score(int[] history, long[] timesMs, long nowMs, float[] scores) {
    Arrays.fill(scores, 0, itemCount(), 0f);
    int step = 0;
    for (int e = history.length - 1; e >= 0 && step < config.steps(); e--) {
      if (history[e] < itemCount()) {
        rows.addRow(history[e], (float) Math.pow(config.requestDecay(), step++), scores);
      }
    }
  }

  /** The same model under other item indices. */
  public Transitions remap(int[] newIndexOfOld, int newItemCount) {
    return new Transitions(config, rows.remap(newIndexOfOld, newItemCount));
  }

  /** Writes a {@link ModelFile}. */
  public void write(Path file) {
    ModelFile.write(
        file,
        KIND,
        VERSION,
        out -> {
          ModelFile.writeDoubles(
              out,
              config.steps(),
              config.decay(),
              config.requestDecay(),
              config.backward(),
              config.rowPower(),
              config.targetPower(),
              config.smoothing(),
              config.rowLimit());
          rows.write(out);
        });
  }

  /** Reads what {@link #write} wrote. */
  public static Transitions read(Path file) {
    return ModelFile.read(
        file,
        KIND,
        VERSION,
        in -> {
          double[] c = ModelFile.readDoubles(in, 8);
          Config config = new Config((int) c[0], c[1], c[2], c[3], c[4], c[5], c[6], (int) c[7]);
          return new Transitions(config, SparseRows.read(in));
        });
  }

  /** Counts the rows of one stripe. */
  private static final class RowCounter {
    private final Interactions interactions;
    private final Occurrences occurrences;
    private final double[] targetMass;
    private final Config config;
    private final double[] weights;
    private final double[] counts;
    private final int[] touched;

    RowCounter(
        Interactions interactions, Occurrences occurrences, double[] targetMass, Config config) {
      this.interactions = interactions;
      this.occurrences = occurrences;
      this.targetMass = targetMass;
      this.config = config;
      this.weights = weights(config.steps(), config.decay());
      this.counts = new double[interactions.itemCount()];
      this.touched = new int[interactions.itemCount()];
    }

    TopK.Ranked row(int item) {
      int size = 0;
      double total = 0;
      int[] items = interactions.items();
      for (int o = occurrences.offsets()[item]; o < occurrences.offsets()[item + 1]; o++) {
        int at = occurrences.positions()[o];
        int user = occurrences.users()[o];
        int first = Math.max(interactions.userOffsets()[user], at - config.steps());
        int last = Math.min(interactions.userOffsets()[user + 1] - 1, at + config.steps());
        for (int other = config.backward() > 0 ? first : at + 1; other <= last; other++) {
          if (other == at) {
            continue;
          }
          double weight =
              other > at ? weights[other - at - 1] : config.backward() * weights[at - other - 1];
          if (weight == 0) {
            continue; // would look as if the item had not been touched
          }
          if (counts[items[other]] == 0) {
            touched[size++] = items[other];
          }
          counts[items[other]] += weight;
          total += weight;
        }
      }
      return normalise(size, total);
    }

    private TopK.Ranked normalise(int size, double total) {
      TopK best = new TopK(Math.min(size, config.rowLimit()));
      double row = Math.pow(total + config.smoothing(), config.rowPower());
      for (int t = 0; t < size; t++) {
        int j = touched[t];
        double target = Math.pow(targetMass[j] + config.smoothing(), config.targetPower());
        best.offer(j, (float) (counts[j] / (row * target)));
        counts[j] = 0;
      }
      return best.drain();
    }
  }
}
