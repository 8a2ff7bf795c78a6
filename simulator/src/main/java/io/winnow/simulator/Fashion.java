package io.winnow.simulator;

/**
 * How tastes move: from some time on, the people who are touched want variety. What were their
 * interests are then the categories that they have clicked least, in that order.
 *
 * <p>Videos themselves, their quality, duration and age, stay what they are. Immutable.
 */
final class Fashion {
  private static final double DAY_MS = 86_400_000.0;

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

  /** How many categories the person has had less of; of equals, chance says which comes first. */
  int place(Person person, Memory memory, int category) {
    int clicks = memory.categoryClicks(category);
    double tie = tie(person, category);
    int before = 0;
    for (int other = 0; other < Names.CATEGORIES.size(); other++) {
      int had = memory.categoryClicks(other);
      if (had < clicks || (had == clicks && tie(person, other) < tie)) {
        before++;
      }
    }
    return before;
  }

  private double tie(Person person, int category) {
    return dice.uniform(Dice.Roll.TIE, person.index(), category, 0);
  }
}
