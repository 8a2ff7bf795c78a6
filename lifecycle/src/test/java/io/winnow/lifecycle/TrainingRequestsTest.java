package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TrainingRequestsTest {
  private static final long MINUTE_MS = 60_000;

  private final TrainingRequests requests =
      new TrainingRequests(TestApplications.clips().definition());
  private long offset;

  @Test
  void choices_clickAndWatchOfOneItemInARow_areOneChoiceWithBothLabels() {
    happen("click", "u", "a", 0, Double.NaN);
    happen("watch", "u", "a", MINUTE_MS, 45);
    happen("click", "u", "b", 2 * MINUTE_MS, Double.NaN);
    List<TrainingRequest.Chosen> choices = requests.choices();
    assertEquals(2, choices.size());
    assertEquals(new ItemId("a"), choices.get(0).item());
    assertArrayEquals(new float[] {1, 1}, choices.get(0).labels());
    assertArrayEquals(new float[] {1, 0}, choices.get(1).labels());
    assertEquals(2, choices.get(1).asOfOffset(), "sees what came before it");
  }

  @Test
  void choices_outcomeAfterTheWindow_isNotALabel() {
    happen("click", "u", "a", 0, Double.NaN);
    happen("watch", "u", "a", 31 * MINUTE_MS, 45);
    assertArrayEquals(new float[] {1, 0}, requests.choices().getFirst().labels());
  }

  @Test
  void choices_itemHadBefore_isNoChoiceWithoutRepeats() {
    happen("click", "u", "a", 0, Double.NaN);
    happen("click", "u", "b", MINUTE_MS, Double.NaN);
    happen("click", "u", "a", 2 * MINUTE_MS, Double.NaN);
    assertEquals(2, requests.choices().size());
  }

  @Test
  void choices_shortWatch_isNoOutcome() {
    happen("watch", "u", "a", 0, 5);
    assertEquals(0, requests.choices().size());
  }

  @Test
  void slates_outcomes_joinTheNewestShowingOfTheItem() {
    show("r1", "u", "a", 0, 0);
    show("r1", "u", "b", 1, 0);
    show("r2", "u", "a", 0, 5 * MINUTE_MS);
    happen("click", "u", "a", 6 * MINUTE_MS, Double.NaN);
    happen("click", "other", "b", 6 * MINUTE_MS, Double.NaN);
    List<TrainingRequest.Shown> slates = requests.slates();
    assertEquals(2, slates.size());
    assertArrayEquals(
        new float[4], slates.get(0).labels(), "r1 was superseded for a; b is another user's");
    assertArrayEquals(new float[] {1, 0}, slates.get(1).labels());
    assertArrayEquals(new int[] {0, 1}, slates.get(0).positions());
  }

  @Test
  void slates_withLoggedFeatures_sawWhatTheRequestSaw() {
    offset = 100;
    requests.visit(
        offset, new LogRecord.Happened(impression("r", "u", "a", 0, 0, 42, new float[] {1})));
    assertEquals(42, requests.slates().getFirst().asOfOffset());
  }

  private void happen(String type, String user, String item, long timeMs, double value) {
    requests.visit(
        offset,
        new LogRecord.Happened(
            new Event("e" + offset, type, new UserId(user), new ItemId(item), timeMs, value)));
    offset++;
  }

  private void show(String request, String user, String item, int position, long timeMs) {
    requests.visit(
        offset++,
        new LogRecord.Happened(impression(request, user, item, position, timeMs, 0, new float[0])));
  }

  private static Event impression(
      String request,
      String user,
      String item,
      int position,
      long timeMs,
      long asOf,
      float[] features) {
    return new Event(
        request + ":" + position,
        Event.IMPRESSION,
        new UserId(user),
        new ItemId(item),
        timeMs,
        Double.NaN,
        request,
        new Impression(
            request,
            position,
            1,
            new Impression.Provenance("r0", "default", "popular", 0),
            asOf,
            0,
            features));
  }
}
