package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import org.junit.jupiter.api.Test;

final class OutcomeJoinTest {
  private static final long MINUTE_MS = 60_000;
  private static final ItemId ITEM = new ItemId("a");

  private final OutcomeJoin join =
      new OutcomeJoin(TestApplications.clips().definition().objectives());

  @Test
  void outcome_atTheEdgesOfTheWindow_counts() {
    float[] shown = join.show(user("u"), ITEM, 0);
    join.outcome(event("u", "click", 0, Double.NaN));
    join.outcome(event("u", "watch", 30 * MINUTE_MS, 30));
    assertArrayEquals(new float[] {1, 1}, shown);
  }

  @Test
  void outcome_beforeOrAfterTheWindow_doesNotCount() {
    float[] shown = join.show(user("u"), ITEM, MINUTE_MS);
    join.outcome(event("u", "click", MINUTE_MS - 1, Double.NaN));
    join.outcome(event("u", "click", 31 * MINUTE_MS + 1, Double.NaN));
    assertArrayEquals(new float[2], shown);
  }

  @Test
  void outcome_ofAnotherUserOrBelowTheCondition_doesNotCount() {
    float[] shown = join.show(user("u"), ITEM, 0);
    join.outcome(event("v", "click", 1, Double.NaN));
    join.outcome(event("u", "watch", 1, 29));
    assertArrayEquals(new float[2], shown);
  }

  @Test
  void show_again_takesLaterOutcomesAndKeepsThemWhenTheFirstExpires() {
    float[] first = join.show(user("u"), ITEM, 0);
    float[] second = join.show(user("u"), ITEM, 20 * MINUTE_MS);
    join.show(user("v"), ITEM, 40 * MINUTE_MS); // the first showing expires
    join.outcome(event("u", "click", 41 * MINUTE_MS, Double.NaN));
    assertArrayEquals(new float[2], first);
    assertArrayEquals(new float[] {1, 0}, second);
  }

  @Test
  void outcome_thatComesAfterTheItemWasShownAgain_belongsToTheShowingBeforeIt() {
    float[] first = join.show(user("u"), ITEM, 0);
    float[] second = join.show(user("u"), ITEM, 2 * MINUTE_MS);
    join.outcome(event("u", "click", MINUTE_MS, Double.NaN));
    assertArrayEquals(new float[] {1, 0}, first);
    assertArrayEquals(new float[2], second);
  }

  private static UserId user(String id) {
    return new UserId(id);
  }

  private static Event event(String user, String type, long timeMs, double value) {
    return new Event("e" + timeMs, type, user(user), ITEM, timeMs, value);
  }
}
