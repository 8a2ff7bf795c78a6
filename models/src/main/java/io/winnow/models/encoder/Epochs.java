package io.winnow.models.encoder;

import io.winnow.core.Seed;
import io.winnow.models.Interactions;
import io.winnow.models.encoder.EncoderBatch.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Each epoch's batches: they follow from the seed and the epoch's number alone, so that a training
 * can go on in the middle of one. Stateless.
 */
final class Epochs {
  private static final int MIN_BATCHES = 30;
  private static final int MIN_BATCH_POSITIONS = 256;

  private final Interactions interactions;
  private final HeldOut heldOut;
  private final EncoderConfig config;
  private final Seed seed;
  private final @Nullable News news;

  /**
   * @param news what to learn from above all; or null for everything
   */
  Epochs(
      Interactions interactions,
      HeldOut heldOut,
      EncoderConfig config,
      Seed seed,
      @Nullable News news) {
    this.interactions = interactions;
    this.heldOut = heldOut;
    this.news = news;
    this.config = config;
    this.seed = seed;
  }

  /**
   * An epoch's windows, in batches of windows of about the same length, in random order.
   *
   * @param epoch 1 …
   */
  List<Window[]> batches(int epoch) {
    RandomGenerator random = seed.generator("order-" + epoch);
    Window[] windows = windows(random);
    int positions = 0;
    for (Window window : windows) {
      positions += window.length();
    }
    int size =
        Math.min(
            config.training().batchPositions(),
            Math.max(MIN_BATCH_POSITIONS, positions / MIN_BATCHES));
    List<Window[]> batches = new ArrayList<>();
    for (int from = 0; from < windows.length; ) {
      int to = from;
      // Sorted by length, so the last is the longest: all are padded to it.
      while (to < windows.length
          && (to == from || (to + 1 - from) * windows[to].length() <= size)) {
        to++;
      }
      batches.add(Arrays.copyOfRange(windows, from, to));
      from = to;
    }
    Collections.shuffle(batches, Random.from(random));
    return batches;
  }

  /**
   * Every user's events cut into windows of at most L inputs; with news, those that hold any, and a
   * share of the others.
   */
  private Window[] windows(RandomGenerator random) {
    List<Window> windows = new ArrayList<>();
    for (int user = 0; user < interactions.userCount(); user++) {
      int start = interactions.userOffsets()[user];
      int end = heldOut.trainEnd(user);
      if (news == null) {
        cut(start, end, random, windows);
        continue;
      }
      int firstNew = start + news.known()[user];
      int context = Math.max(start, firstNew - config.network().maxLength());
      boolean rehearsed = random.nextDouble() < news.rehearsal();
      if (firstNew >= end) {
        if (rehearsed) {
          cut(start, end, random, windows);
        }
      } else {
        cut(context, end, random, windows);
        if (rehearsed) {
          cut(start, context, random, windows);
        }
      }
    }
    Collections.shuffle(windows, Random.from(random));
    windows.sort(Comparator.comparingInt(Window::length));
    return windows.toArray(Window[]::new);
  }

  /** Cuts the events {@code start … end-1} of one user into windows, the first cut at random. */
  private void cut(int start, int end, RandomGenerator random, List<Window> windows) {
    int length = config.network().maxLength();
    int targets = end - start - 1;
    int first = targets > length ? 1 + random.nextInt(length) : targets;
    for (int done = 0; done < targets; ) {
      int take = Math.min(done == 0 ? first : length, targets - done);
      windows.add(new Window(start + done, take));
      done += take;
    }
  }
}
