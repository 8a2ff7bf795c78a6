package io.winnow.experiments.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class MeritTest {
  /** Shows an item at a place and counts the worth of a share of the showings. */
  private static void show(Merit merit, int item, int place, int times, double share) {
    for (int i = 0; i < times; i++) {
      merit.shown(item, place);
    }
    merit.worth(item, place, times * share);
  }

  @Test
  void of_shownMoreOften_hasTheSameMerit() {
    Merit merit = new Merit();
    show(merit, 0, 0, 100_000, 0.1);
    show(merit, 1, 0, 50_000, 0.1);
    double[] of = merit.of(3);
    assertEquals(of[0], of[1], 1e-9);
    assertEquals(1, of[2], 0, "never shown: an average item");
  }

  @Test
  void of_shownAtBetterPlaces_hasTheSameMerit() {
    Merit merit = new Merit();
    show(merit, 0, 0, 50_000, 0.2);
    show(merit, 2, 0, 50_000, 0.2);
    show(merit, 1, 7, 50_000, 0.05);
    show(merit, 2, 7, 50_000, 0.05);
    double[] of = merit.of(3);
    assertEquals(of[0], of[1], 1e-9);
  }

  @Test
  void of_likedMore_hasMoreMeritAndFewShowingsSayLittle() {
    Merit merit = new Merit();
    show(merit, 0, 0, 50_000, 0.3);
    show(merit, 1, 0, 50_000, 0.1);
    show(merit, 2, 0, 5, 1);
    double[] of = merit.of(3);
    assertEquals(3, of[0] / of[1], 0.05);
    assertTrue(of[2] < of[0], "five showings do not outweigh the prior");
  }

  @Test
  void of_noOutcomes_allAreAlike() {
    Merit merit = new Merit();
    merit.shown(0, 20);
    assertEquals(1, merit.of(2)[0], 0);
    assertEquals(1, merit.of(2)[1], 0);
  }
}
