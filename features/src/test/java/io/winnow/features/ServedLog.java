package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A log that grows while a store serves it: impressions of known items carry the values that the
 * store gave, some of them with a bit changed.
 */
final class ServedLog {
  /** Logs what was served. */
  static final Skew HONEST = new Skew("", 0);

  private final List<LogRecord> records = new ArrayList<>();
  private final List<LogRecord> stream;
  private OnlineStore store;
  private String release = "1";
  private ApplicationDefinition application;
  private int next;
  private long served;
  private long unserved;
  private long planted;

  /**
   * What goes wrong.
   *
   * @param feature its qualified name; empty for none
   * @param every how many impressions are served for one whose value is a bit off
   */
  record Skew(String feature, int every) {}

  static Skew off(String feature, int every) {
    return new Skew(feature, every);
  }

  ServedLog(ApplicationDefinition application) {
    this.application = application;
    this.store = OnlineStores.inMemory(application);
    this.stream = Shorts.stream(new Seed(21), new Shorts.Shape(10_000, 20, 20, 60_000));
  }

  /** Serves by another release, with other features. */
  void change(ApplicationDefinition to, String name) {
    application = to;
    release = name;
    store = OnlineStores.inMemory(to);
    for (int offset = 0; offset < records.size(); offset++) {
      store.apply(new long[] {offset}, List.of(records.get(offset)));
    }
  }

  /** Goes on with so many records. */
  void serve(int count, Skew skew) {
    for (int end = next + count; next < end; next++) {
      LogRecord record = stream.get(next);
      if (record instanceof LogRecord.Happened(Event event) && event.impression() != null) {
        int item = store.catalog().indexOf(event.item());
        if (item >= 0) {
          float[] values = values(event, item);
          served++;
          if (skew.every > 0 && served % skew.every == 0) {
            int column = store.schema().names().indexOf(skew.feature);
            values[column] = Float.intBitsToFloat(Float.floatToIntBits(values[column]) + 1);
            planted++;
          }
          append(impression(event, records.size(), values));
          continue;
        }
        unserved++;
      }
      append(record);
    }
  }

  /** Serves one impression that is logged so many records after it was served. */
  void serveLate(int recordsBetween) {
    for (int at = next; ; at++) {
      if (stream.get(at) instanceof LogRecord.Happened(Event event)
          && event.impression() != null
          && store.catalog().indexOf(event.item()) >= 0) {
        long asOf = records.size();
        LogRecord late =
            impression(
                new Event(
                    "late",
                    event.type(),
                    event.user(),
                    event.item(),
                    event.timeMs(),
                    event.value(),
                    event.requestId(),
                    event.impression()),
                asOf,
                values(event, store.catalog().indexOf(event.item())));
        serve(recordsBetween, HONEST);
        served++;
        append(late);
        return;
      }
    }
  }

  private float[] values(Event event, int item) {
    FeatureRows rows =
        store.read(
            new FeatureQuery(
                event.user(), new int[] {item}, Map.of("device", "tv"), event.timeMs()));
    return rows.values();
  }

  private void append(LogRecord record) {
    store.apply(new long[] {records.size()}, List.of(record));
    records.add(record);
  }

  private LogRecord impression(Event event, long asOfOffset, float[] values) {
    return new LogRecord.Happened(
        new Event(
            event.id(),
            event.type(),
            event.user(),
            event.item(),
            event.timeMs(),
            event.value(),
            event.requestId(),
            new Impression(
                "r" + event.id(),
                0,
                1,
                new Impression.Provenance(release, "default", "popular", 0),
                asOfOffset,
                FeatureSchema.of(application).hash(),
                values)));
  }

  /** How many impressions carry values. */
  long served() {
    return served;
  }

  /** How many do not. */
  long unserved() {
    return unserved;
  }

  /** How many values are off. */
  long planted() {
    return planted;
  }

  List<LogRecord> records() {
    return records;
  }

  String requestAt(long offset) {
    if (records.get((int) offset) instanceof LogRecord.Happened(Event event)) {
      Impression impression = event.impression();
      return impression == null ? "" : impression.requestId();
    }
    return "";
  }

  /** The log as it is now, and as it grows. */
  RecordSource source() {
    return new RecordSource() {
      @Override
      public long endOffset() {
        return records.size();
      }

      @Override
      public void replay(long from, long to, Visitor visitor) {
        for (long offset = from; offset < Math.min(to, records.size()); offset++) {
          visitor.visit(offset, records.get((int) offset));
        }
      }
    };
  }
}
