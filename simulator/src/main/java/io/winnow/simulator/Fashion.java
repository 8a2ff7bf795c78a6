package io.winnow.simulator;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;

/**
 * How tastes move: from some time on, videos of one topic are to the people who are touched what
 * videos of another topic were before.
 *
 * <p>The topics are exchanged by categories: what is of one category stays together, in another
 * order. So as much can be known of people and videos as before, but what was learned of who likes
 * what leads astray. Videos themselves, their quality, duration and age, stay what they are.
 * Immutable.
 */
final class Fashion {
  private static final double DAY_MS = 86_400_000.0;

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

  /** Whether a person's taste has moved by then. */
  boolean hasMoved(Person person, long timeMs) {
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
