package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.features.UserHistory;
import io.winnow.models.Interactions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class InteractionSequencesTest {
  private final InteractionSequences sequences =
      new InteractionSequences(TestApplications.clips().definition());

  /** Both rules, on repeats, late events, and values at the edge of an objective's condition. */
  @Test
  void choices_ofAnyHistory_areWhatWasCollected() {
    double[] values = {29, 29.999999999, 30, Math.nextDown(30.0), 30.000001, 31};
    RandomGenerator random = new Seed(11).generator("events");
    List<LogRecord> records = new ArrayList<>();
    List<UserId> users = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      boolean watch = random.nextBoolean();
      Event event =
          new Event(
              "e" + i,
              watch ? "watch" : "click",
              new UserId("u" + random.nextInt(20)),
              new ItemId("i" + random.nextInt(4)),
              i * 1000L - random.nextInt(5) * 700L,
              watch ? values[random.nextInt(values.length)] : Double.NaN);
      records.add(new LogRecord.Happened(event));
      if (sequences.accept(event) && !users.contains(event.user())) {
        users.add(event.user());
      }
    }
    try (OnlineStore store = OnlineStores.inMemory(TestApplications.clips().definition())) {
      TinyWorld.append(store, records);
      Interactions collected = sequences.toInteractions(store.catalog());
      assertEquals(20, sequences.userCount());
      for (int u = 0; u < users.size(); u++) {
        UserHistory choices = sequences.choices(store.history(users.get(u)));
        int from = collected.userOffsets()[u];
        int to = collected.userOffsets()[u + 1];
        assertTrue(to - from > 50, "the user chose something");
        assertArrayEquals(Arrays.copyOfRange(collected.items(), from, to), choices.items());
        assertArrayEquals(Arrays.copyOfRange(collected.timesMs(), from, to), choices.timesMs());
      }
    }
  }

  @Test
  void accept_shortWatch_isNoChoiceAndSeparatesNothing() {
    assertTrue(sequences.accept(event("click", "a", Double.NaN)));
    assertTrue(!sequences.accept(event("watch", "b", 3)));
    assertTrue(!sequences.accept(event("click", "a", Double.NaN)), "still the same choice");
    assertTrue(sequences.accept(event("watch", "b", 30)));
  }

  private static Event event(String type, String item, double value) {
    return new Event("e", type, new UserId("u"), new ItemId(item), 0, value);
  }
}
