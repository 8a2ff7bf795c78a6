package io.winnow.models.encoder;

import io.winnow.models.Interactions;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Some windows of users' histories as one step's input, and the loss on them: at each position, the
 * cross-entropy of a softmax between the item that came next and the step's negatives. A negative
 * that is the position's own target does not count. Reused from step to step; not thread-safe.
 */
final class EncoderBatch {
  private final Interactions interactions;
  private final NegativeSampler sampler;
  private final RandomGenerator random;
  private final int[] slots;
  private final int[] stamps;

  private int stamp;
  private int[] unique = new int[1024];
  private int uniqueCount;
  private int windows;
  private int longest;
  private int positions;
  private int[] history = {};
  private int[] targets = {};
  private int[] places = {};
  private int[] candidates = {};
  private float[] corrections = {};

  /**
   * A window of a user's events.
   *
   * @param start index of the first input event
   * @param length how many inputs; the targets are the same, one event later
   */
  record Window(int start, int length) {}

  EncoderBatch(Interactions interactions, NegativeSampler sampler, RandomGenerator random) {
    this.interactions = interactions;
    this.sampler = sampler;
    this.random = random;
    this.slots = new int[interactions.itemCount()];
    this.stamps = new int[interactions.itemCount()];
  }

  /** Takes windows and draws negatives for them. */
  void fill(Window[] all, int from, int to) {
    stamp++;
    uniqueCount = 0;
    windows = to - from;
    longest = 0;
    positions = 0;
    for (int w = from; w < to; w++) {
      longest = Math.max(longest, all[w].length());
      positions += all[w].length();
    }
    history = new int[windows * longest];
    targets = new int[positions];
    places = new int[positions];
    int p = 0;
    for (int w = from; w < to; w++) {
      int row = (w - from) * longest;
      for (int i = 0; i < all[w].length(); i++) {
        int event = all[w].start() + i;
        history[row + i] = slot(interactions.items()[event]);
        targets[p] = slot(interactions.items()[event + 1]);
        places[p++] = row + i;
      }
      // Padding comes after the last event, where causality hides it: any slot will do.
    }
    int[] drawn = sampler.next(random);
    candidates = new int[drawn.length];
    corrections = new float[drawn.length];
    for (int c = 0; c < drawn.length; c++) {
      candidates[c] = slot(drawn[c]);
      corrections[c] = -sampler.logChance(drawn[c]);
    }
  }

  private int slot(int item) {
    if (stamps[item] != stamp) {
      stamps[item] = stamp;
      slots[item] = uniqueCount;
      if (uniqueCount == unique.length) {
        unique = Arrays.copyOf(unique, 2 * unique.length);
      }
      unique[uniqueCount++] = item;
    }
    return slots[item];
  }

  /** The items that occur, each once, shape (U); a copy. */
  int[] items() {
    return Arrays.copyOf(unique, uniqueCount);
  }

  /** P, how many events are predicted. */
  int positions() {
    return positions;
  }

  /**
   * The mean loss.
   *
   * @param items the vectors of {@link #items}, shape (U, E)
   */
  Torch.Loss loss(EncoderNetwork network, Parameter items) {
    int width = items.shape()[1];
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V table = g.parameter(items);
        V inputs = g.lookup(table, g.indices(history, windows, longest));
        V every = g.reshape(network.train(g, inputs, longest), -1, width);
        V queries = g.lookup(every, g.indices(places, positions));
        V next = g.lookup(table, g.indices(targets, positions));
        V right = g.sum(g.multiply(queries, next));
        V others = g.lookup(table, g.indices(candidates, candidates.length));
        V wrong = g.matMul(queries, g.transpose(others, 1, 0));
        V corrected = g.add(wrong, g.constant(corrections, 1, corrections.length));
        V masked =
            g.maskEqual(
                corrected,
                g.indices(targets, positions, 1),
                g.indices(candidates, 1, candidates.length));
        V chosen = g.column(g.logSoftmax(g.concat(right, masked)), 0);
        return g.multiply(g.sumAll(chosen), g.constant(new float[] {-1f / positions}, 1));
      }
    };
  }
}
