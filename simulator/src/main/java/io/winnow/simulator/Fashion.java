package io.winnow.simulator;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;

/**
 * How tastes move from some time on, for the people who are touched; see {@link
 * WorldConfig.Drift.Kind}. Videos themselves, their quality, duration and age, stay what they are.
 *
 * <p>Topics are exchanged by categories: what is of one category stays together, in another order.
 * So as much can be known of people and videos as before. Immutable.
 */
final class Fashion {
  private static final double DAY_MS = 86_400_000.0;

  /** Of what they have never had: no more than interests are on the whole, but of everything. */
  private static final double OF_THE_NEW = 0.33;

  /** How fast liking falls with a share beyond an even one; a tenth more leaves a twentieth. */
  private static final double TIRING = 30;

  private static final double EVEN = 1.0 / Names.CATEGORIES.size();

  /** What each topic is to those who have moved, shape (topics). */
  private final int[] becomes = new int[Names.TOPICS];

  private final WorldConfig.Drift drift;
  private final long fromMs;
  private final Dice dice;

  Fashion(WorldConfig.Drift drift, long nowMs, Seed seed, Dice dice) {
    this.drift = drift;
    this.fromMs = nowMs + (long) (drift.afterDays() * DAY_MS);
    this.dice = dice;
    RandomGenerator random = seed.generator("fashion");
    int[] categories = cycle(Names.CATEGORIES.size(), random);
    for (int c = 0; c < categories.length; c++) {
      int[] within = cycle(Names.TOPICS_PER_CATEGORY, random);
      for (int t = 0; t < within.length; t++) {
        becomes[c * Names.TOPICS_PER_CATEGORY + t] =
            categories[c] * Names.TOPICS_PER_CATEGORY + within[t];
      }
    }
  }

  /** A permutation of one cycle, which leaves nothing where it was (Sattolo 1986). */
  private static int[] cycle(int size, RandomGenerator random) {
    int[] result = new int[size];
    for (int i = 0; i < size; i++) {
      result[i] = i;
    }
    for (int i = size - 1; i > 0; i--) {
      int other = random.nextInt(i);
      int kept = result[i];
      result[i] = result[other];
      result[other] = kept;
    }
    return result;
  }

  /** Whether a person likes by then as one topic what is another. */
  boolean hasMoved(Person person, long timeMs) {
    return drift.kind() == WorldConfig.Drift.Kind.EXCHANGE && isTouched(person, timeMs);
  }

  /** Whether a person wants variety by then. */
  boolean wantsVariety(Person person, long timeMs) {
    return drift.kind() == WorldConfig.Drift.Kind.VARIETY && isTouched(person, timeMs);
  }

  /** How much somebody who wants variety likes a category, in (0, 1). */
  static double variety(Memory memory, int category) {
    int all = 0;
    for (int other = 0; other < Names.CATEGORIES.size(); other++) {
      all += memory.categoryClicks(other);
    }
    double share = all == 0 ? 0 : (double) memory.categoryClicks(category) / all;
    return OF_THE_NEW * StrictMath.exp(-TIRING * Math.max(0, share - EVEN));
  }

  private boolean isTouched(Person person, long timeMs) {
    if (timeMs < fromMs || drift.share() == 0) {
      return false;
    }
    return dice.uniform(Dice.Roll.TOUCHED, person.index(), 0, 0) < drift.share()
        && timeMs - fromMs
            >= drift.overDays()
                * DAY_MS
                * dice.uniform(Dice.Roll.TOUCHED_WHEN, person.index(), 0, 0);
  }

  /** The topic that a topic's videos are to whoever has moved. */
  int becomes(int topic) {
    return becomes[topic];
  }
}
