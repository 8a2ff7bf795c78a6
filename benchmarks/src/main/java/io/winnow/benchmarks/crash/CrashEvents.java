package io.winnow.benchmarks.crash;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import java.util.Map;

/** The events that the writers send: writer w's n-th event is the same in every run. */
final class CrashEvents {
  /** A clock for logs that hold them. */
  static final long NOW_MS = 1_800_000_000_000L;

  static final Schema SCHEMA =
      new Schema(
          Map.of("category", AttributeType.STRING),
          Map.of(),
          Map.of(
              "click", new Schema.EventType("", false),
              "watch", new Schema.EventType("seconds", false)),
          false);

  private static final long START_MS = 1_700_000_000_000L;

  private CrashEvents() {}

  static LogRecord event(int writer, long number) {
    long hash = Seed.mix(number * 64 + writer);
    boolean watch = (hash & 1) == 0;
    return new LogRecord.Happened(
        new Event(
            writer + "-" + number,
            watch ? "watch" : "click",
            new UserId("user" + Long.remainderUnsigned(hash >>> 1, 500)),
            new ItemId("item" + Long.remainderUnsigned(hash >>> 20, 300)),
            START_MS + number,
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
