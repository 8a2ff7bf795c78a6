package io.winnow.experiments.interleaving;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * An item of an interleaved slate and who earns what users do with it.
 *
 * @param position from 0
 * @param propensity probability in (0, 1] that this item stands here, given the items before it:
 *     over the coins alone, since the rankings are given
 * @param drafter index of the ranking whose turn it was; its score and its reasons go with the item
 * @param credits share of the outcome's worth that each ranking earns, by index of the ranking: how
 *     much more likely it drafted the item than the least likely ranking did, given the slate up to
 *     here
 */
public record Place<T>(T item, int position, double propensity, int drafter, List<Double> credits) {
  /** What {@link #team} says where no ranking earns credit. */
  public static final int NOBODY = -1;

  /** Copies the credits and checks the ranges. */
  public Place {
    credits = List.copyOf(credits);
    if (position < 0) {
      throw WinnowException.invalid("position", position, ">= 0");
    }
    if (!(propensity > 0 && propensity <= 1)) {
      throw WinnowException.invalid("propensity", propensity, "in (0, 1]");
    }
  }

  /**
   * The only ranking that earns credit here, or {@link #NOBODY}. Of two rankings it earns all of
   * it; of more, several may share it, and {@link #credits} has to be asked.
   */
  public int team() {
    int team = NOBODY;
    for (int t = 0; t < credits.size(); t++) {
      if (credits.get(t) > 0) {
        if (team != NOBODY) {
          return NOBODY;
        }
        team = t;
      }
    }
    return team;
  }
}
