package io.winnow.simulator;

/**
 * How tastes move: from some time on, the people who are touched want variety. A category appeals
 * to them the less, the larger its share of all that they have ever clicked.
 *
 * <p>Videos themselves, their quality, duration and age, stay what they are. Immutable.
 */
final class Fashion {
  private static final double DAY_MS = 86_400_000.0;

  /** Of what they have never had: no more than interests are on the whole, but of everything. */
  private static final double OF_THE_NEW = 0.35;

  /** How fast liking falls with the share; a quarter leaves a twelfth. */
  private static final double TIRING = 10;

  private final WorldConfig.Drift drift;
  private final long fromMs;
  private final Dice dice;

  Fashion(WorldConfig.Drift drift, long nowMs, Dice dice) {
    this.drift = drift;
    this.fromMs = nowMs + (long) (drift.afterDays() * DAY_MS);
    this.dice = dice;
  }

  /** Whether a person wants variety by then. */
  boolean isRestless(Person person, long timeMs) {
    if (timeMs < fromMs || drift.share() == 0) {
      return false;
    }
    return dice.uniform(Dice.Roll.TOUCHED, person.index(), 0, 0) < drift.share()
        && timeMs - fromMs
            >= drift.overDays()
                * DAY_MS
                * dice.uniform(Dice.Roll.TOUCHED_WHEN, person.index(), 0, 0);
  }

  /** How much somebody who wants variety likes a category, in (0, 1). */
  static double liking(Memory memory, int category) {
    int all = 0;
    for (int other = 0; other < Names.CATEGORIES.size(); other++) {
      all += memory.categoryClicks(other);
    }
    double share = all == 0 ? 0 : (double) memory.categoryClicks(category) / all;
    return OF_THE_NEW * StrictMath.exp(-TIRING * share);
  }
}
