package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import org.junit.jupiter.api.Test;

final class SkewCheckTest {
  private static final ApplicationDefinition SHORTS = Shorts.application();
  private static final FeatureSchema SCHEMA = FeatureSchema.of(SHORTS);

  @Test
  void run_honestLog_findsNothing() {
    SkewCheck.Report report =
        SkewCheck.run(RecordSource.of(servedLog(0)), SHORTS, Integer.MAX_VALUE, 10);
    assertTrue(report.impressions() > 500, report.impressions() + " impressions");
    assertEquals(report.impressions() * (SCHEMA.size() - 1), report.values(), "all but context");
    assertTrue(report.skipped() > 0);
    assertEquals(0, report.mismatches());
  }

  @Test
  void run_oneValueOneBitOff_isFoundAndNamed() {
    SkewCheck.Report report =
        SkewCheck.run(RecordSource.of(servedLog(1)), SHORTS, Integer.MAX_VALUE, 3);
    assertEquals(report.impressions(), report.mismatches());
    assertEquals(3, report.examples().size());
    for (SkewCheck.Mismatch mismatch : report.examples()) {
      assertEquals("request.hour", mismatch.feature());
      assertEquals(Math.nextUp(mismatch.replayed()), mismatch.logged());
    }
  }

  @Test
  void run_moreImpressionsThanAsked_checksTheNewest() {
    SkewCheck.Report report = SkewCheck.run(RecordSource.of(servedLog(1)), SHORTS, 50, 100);
    assertEquals(50, report.impressions());
    assertTrue(report.examples().getFirst().offset() > 1000);
  }

  /** A log whose impressions carry the values that an online store served, some bits off. */
  private static List<LogRecord> servedLog(int bitsOff) {
    int hour = SCHEMA.names().indexOf("request.hour");
    OnlineStore store = OnlineStores.inMemory(SHORTS);
    List<LogRecord> log = new ArrayList<>();
    for (LogRecord record : Shorts.stream(new Seed(21), new Shorts.Shape(2_000, 20, 20, 60_000))) {
      LogRecord logged = record;
      if (record instanceof LogRecord.Happened(Event event) && event.impression() != null) {
        int item = store.catalog().indexOf(event.item());
        if (item >= 0) {
          FeatureQuery query =
              new FeatureQuery(
                  event.user(), new int[] {item}, Map.of("device", "tv"), event.timeMs());
          FeatureRows rows = store.read(query);
          float[] values = rows.values();
          values[hour] = Float.intBitsToFloat(Float.floatToIntBits(values[hour]) + bitsOff);
          logged = new LogRecord.Happened(withFeatures(event, rows.asOfOffset(), values));
        }
      }
      store.apply(new long[] {log.size()}, List.of(logged));
      log.add(logged);
    }
    return log;
  }

  private static Event withFeatures(Event event, long asOfOffset, float[] values) {
    Impression impression =
        new Impression(
            "r",
            0,
            1,
            new Impression.Provenance("1", "default", "popular", 0),
            asOfOffset,
            SCHEMA.hash(),
            values);
    return new Event(
        event.id(),
        event.type(),
        event.user(),
        event.item(),
        event.timeMs(),
        event.value(),
        event.requestId(),
        impression);
  }
}
