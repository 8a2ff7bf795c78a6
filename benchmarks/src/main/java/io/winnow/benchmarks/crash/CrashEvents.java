package io.winnow.benchmarks.crash;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The events that the writers send: writer w's n-th event is the same in every run. */
final class CrashEvents {
  /** A clock for logs that hold them. */
  static final long NOW_MS = 1_800_000_000_000L;

  static final int USERS = 500;
  static final int ITEMS = 300;

  private static final long START_MS = 1_700_000_000_000L;
  private static final int CATEGORIES = 12;

  private CrashEvents() {}

  /** What they are events of, with the features that any application has. */
  static ApplicationDefinition application() {
    return ApplicationFile.parse(
            """
            application: crash
            items: { attributes: { category: string } }
            events: { click: {}, watch: { value: seconds } }
            """,
            "crash.yaml",
            Map.of())
        .definition();
  }

  /** The items, whose categories features are crossed with. They have no ids and may repeat. */
  static List<LogRecord> items() {
    List<LogRecord> items = new ArrayList<>();
    for (int item = 0; item < ITEMS; item++) {
      AttributeValue category = new AttributeValue.Text("category " + item % CATEGORIES);
      items.add(new LogRecord.ItemPut(item(item), Map.of("category", category), true, START_MS));
    }
    return items;
  }

  static UserId user(long number) {
    return new UserId("user" + number);
  }

  static ItemId item(long number) {
    return new ItemId("item" + number);
  }

  /** The time of a writer's n-th event. */
  static long time(long number) {
    return START_MS + number * 1_000;
  }

  static LogRecord event(int writer, long number) {
    long hash = Seed.mix(number * 64 + writer);
    boolean watch = (hash & 1) == 0;
    return new LogRecord.Happened(
        new Event(
            writer + "-" + number,
            watch ? "watch" : "click",
            user(Long.remainderUnsigned(hash >>> 1, USERS)),
            item(Long.remainderUnsigned(hash >>> 20, ITEMS)),
            time(number),
            watch ? Long.remainderUnsigned(hash >>> 40, 1000) : Double.NaN));
  }

  /** The writer whose event has an id. */
  static int writer(String id) {
    return Integer.parseInt(id, 0, id.indexOf('-'), 10);
  }

  /** The number of the event with an id. */
  static int number(String id) {
    return Integer.parseInt(id, id.indexOf('-') + 1, id.length(), 10);
  }
}
