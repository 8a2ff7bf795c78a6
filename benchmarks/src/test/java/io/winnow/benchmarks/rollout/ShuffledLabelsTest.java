package io.winnow.benchmarks.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ShuffledLabelsTest {
  private static RecordSource clicks() {
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  "click",
                  new UserId("u" + i % 20),
                  new ItemId("i" + i),
                  1_000 + i,
                  Double.NaN,
                  "",
                  null)));
    }
    return RecordSource.of(records);
  }

  private static List<String> items(RecordSource source, long from) {
    List<String> items = new ArrayList<>();
    source.replay(
        from,
        source.endOffset(),
        (_, record) -> {
          if (record instanceof LogRecord.Happened(Event event)) {
            items.add(event.item().value());
          }
        });
    return items;
  }

  @Test
  void replay_aShare_belongsToOtherItems() {
    List<String> told = items(new ShuffledLabels(clicks(), 0.5, new Seed(1)), 0);
    long wrong = 0;
    for (int i = 0; i < told.size(); i++) {
      wrong += told.get(i).equals("i" + i) ? 0 : 1;
    }
    assertEquals(500, told.size());
    assertTrue(wrong > 200 && wrong < 300, "wrong " + wrong);
  }

  @Test
  void replay_fromTheMiddle_tellsTheSame() {
    ShuffledLabels source = new ShuffledLabels(clicks(), 0.5, new Seed(1));
    assertEquals(items(source, 0).subList(200, 500), items(source, 200));
  }

  @Test
  void replay_noShare_changesNothing() {
    assertEquals(items(clicks(), 0), items(new ShuffledLabels(clicks(), 0, new Seed(1)), 0));
  }
}
