package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import org.junit.jupiter.api.Test;

class PopularityTest {
  private static final long DAY_MS = 86_400_000;

  /** Item 0 on day 0, item 1 on days 4 and 10, item 2 on days 3 and 10; item 3 never. */
  private static final Interactions DATA =
      new Interactions(
          4,
          new int[] {0, 3, 3, 5},
          new int[] {0, 1, 1, 2, 2},
          new long[] {0, 4 * DAY_MS, 10 * DAY_MS, 3 * DAY_MS, 10 * DAY_MS});

  private static float[] scores(Popularity.Config config) {
    float[] scores = {9, 9, 9, 9};
    Popularity.train(DATA, config).score(new int[] {1}, new long[1], 0, scores);
    return scores;
  }

  @Test
  void score_counts_areAllEvents() {
    assertArrayEquals(new float[] {1, 2, 2, 0}, scores(Popularity.Config.COUNTS));
  }

  @Test
  void score_window_countsToItsEdgeBackFromTheNewestEvent() {
    assertArrayEquals(new float[] {0, 2, 1, 0}, scores(Popularity.Config.window(6)));
    assertArrayEquals(new float[] {0, 1, 1, 0}, scores(Popularity.Config.window(5.99)));
    assertArrayEquals(new float[] {1, 2, 2, 0}, scores(Popularity.Config.window(10)));
  }

  @Test
  void score_halfLife_halvesWithAge() {
    assertArrayEquals(
        new float[] {0.25f, (float) (1 + Math.pow(0.5, 1.2)), (float) (1 + Math.pow(0.5, 1.4)), 0},
        scores(Popularity.Config.halfLife(5)));
    assertArrayEquals(
        new float[] {0, (float) (1 + Math.pow(0.5, 1.2)), 1, 0},
        scores(new Popularity.Config(6, 5)));
  }

  @Test
  void config_outOfRange_namesEveryField() {
    WinnowException e =
        assertThrows(WinnowException.class, () -> new Popularity.Config(0, Double.NaN));
    assertEquals(2, e.problems().size());
    assertEquals("windowDays", e.problems().getFirst().field());
  }
}
