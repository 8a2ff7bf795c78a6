package io.winnow.models.encoder;

import io.winnow.models.Interactions;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.SoftmaxTargets;
import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Some windows of users' histories as one step's input, and the loss on them: at each position, the
 * cross-entropy of a softmax between the item that came next and the step's negatives. A negative
 * that is the position's own target does not count. The windows are cut into shards of a size that
 * does not depend on the machine. Reused from step to step; not thread-safe.
 */
final class EncoderBatch {
  private static final int SHARD_POSITIONS = 1024;
  private static final int MIN_SHARDS = 2;

  private final Interactions interactions;
  private final NegativeSampler sampler;
  private final int[] slots;
  private final int[] stamps;

  private int stamp;
  private int[] unique = new int[1024];
  private int uniqueCount;
  private int positions;
  private float[] corrections = {};
  private List<Part> parts = List.of();

  /**
   * A window of a user's events.
   *
   * @param start index of the first input event
   * @param length how many inputs; the targets are the same, one event later
   */
  record Window(int start, int length) {}

  /**
   * A shard's windows, padded behind their last event to the longest.
   *
   * @param history the slot of each input item, shape (windows, length); −1 is padding
   * @param targets the slot of each next item, shape (windows, length); −1 is padding
   */
  private record Part(int windows, int length, int[] history, int[] targets) {}

  EncoderBatch(Interactions interactions, NegativeSampler sampler) {
    this.interactions = interactions;
    this.sampler = sampler;
    this.slots = new int[interactions.itemCount()];
    this.stamps = new int[interactions.itemCount()];
  }

  /** Takes windows, the shortest first, and draws negatives for them. */
  void fill(Window[] windows, RandomGenerator random) {
    stamp++;
    uniqueCount = 0;
    int[] drawn = sampler.next(random);
    corrections = new float[drawn.length];
    for (int c = 0; c < drawn.length; c++) {
      corrections[slot(drawn[c])] = -sampler.logChance(drawn[c]);
    }
    positions = 0;
    for (Window window : windows) {
      positions += window.length();
    }
    parts = new ArrayList<>();
    int shards = Math.max(MIN_SHARDS, Math.ceilDiv(positions, SHARD_POSITIONS));
    int done = 0;
    for (int from = 0; from < windows.length; ) {
      int to = from;
      long end = (long) positions * (parts.size() + 1) / shards;
      while (to < windows.length && (to == from || done + windows[to].length() / 2 < end)) {
        done += windows[to++].length();
      }
      parts.add(part(windows, from, to));
      from = to;
    }
  }

  private Part part(Window[] windows, int from, int to) {
    int length = windows[to - 1].length();
    int[] history = new int[(to - from) * length];
    int[] targets = new int[(to - from) * length];
    Arrays.fill(history, -1);
    Arrays.fill(targets, -1);
    for (int w = from; w < to; w++) {
      int row = (w - from) * length;
      for (int i = 0; i < windows[w].length(); i++) {
        int event = windows[w].start() + i;
        history[row + i] = slot(interactions.items()[event]);
        targets[row + i] = slot(interactions.items()[event + 1]);
      }
    }
    return new Part(to - from, length, history, targets);
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

  /** The items that occur, each once, the negatives first, shape (U); a copy. */
  int[] items() {
    return Arrays.copyOf(unique, uniqueCount);
  }

  /** P, how many events are predicted. */
  int positions() {
    return positions;
  }

  /**
   * Runs a step.
   *
   * @param number the step's number
   * @param items the vectors of {@link #items}, shape (U, E); gets their gradient
   * @return the mean loss
   */
  double step(Torch torch, long number, EncoderNetwork network, Parameter items) {
    List<Parameter> shared = new ArrayList<>(network.parameters());
    shared.add(items);
    List<Parameter> inputs = new ArrayList<>();
    List<Torch.Shard> shards = new ArrayList<>();
    for (Part part : parts) {
      Parameter input = inputs(part, items);
      inputs.add(input);
      shards.add(new Torch.Shard(List.of(input), loss(part, network, input, items)));
    }
    double loss = torch.step(number, shared, shards);
    for (int s = 0; s < shards.size(); s++) {
      addGradient(parts.get(s).history(), inputs.get(s).gradient(), items);
    }
    return loss;
  }

  /** The input vectors as a parameter of their own: PyTorch looks rows up slowly. */
  private static Parameter inputs(Part part, Parameter items) {
    int width = items.shape()[1];
    float[] vectors = new float[part.history.length * width];
    for (int i = 0; i < part.history.length; i++) {
      if (part.history[i] >= 0) {
        System.arraycopy(items.values(), part.history[i] * width, vectors, i * width, width);
      }
    }
    return Parameter.of("inputs", vectors, part.windows, part.length, width);
  }

  private static void addGradient(int[] history, float[] gradient, Parameter items) {
    int width = items.shape()[1];
    float[] sums = items.gradient();
    for (int i = 0; i < history.length; i++) {
      int base = history[i] * width;
      for (int e = 0; e < width && base >= 0; e++) {
        sums[base + e] += gradient[i * width + e];
      }
    }
  }

  private Torch.Loss loss(Part part, EncoderNetwork network, Parameter input, Parameter items) {
    int width = items.shape()[1];
    SoftmaxTargets choice =
        new SoftmaxTargets(part.targets, corrections.length, corrections, 1f / positions);
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V every = network.train(g, g.parameter(input), part.length);
        return g.softmaxLoss(g.reshape(every, -1, width), g.parameter(items), choice);
      }
    };
  }
}
