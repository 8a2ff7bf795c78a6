package io.winnow.events;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Records, schemas and small helpers that the tests share. */
final class Samples {
  static final long NOW = 1_700_000_000_000L;
  static final TimeSource CLOCK = () -> NOW;
  static final Schema SCHEMA =
      new Schema(
          Map.of(
              "category", AttributeType.STRING,
              "genres", AttributeType.STRINGS,
              "duration", AttributeType.SECONDS,
              "published", AttributeType.TIME),
          Map.of("country", AttributeType.STRING),
          Map.of(
              "click", new Schema.EventType("", false),
              "watch", new Schema.EventType("seconds", false),
              "rate", new Schema.EventType("stars", true)),
          false);

  private Samples() {}

  static LogRecord click(String id, String user, String item) {
    return new LogRecord.Happened(
        new Event(id, "click", new UserId(user), new ItemId(item), NOW - 1000, Double.NaN));
  }

  static LogRecord watch(String id, long timeMs, double seconds) {
    return new LogRecord.Happened(
        new Event(id, "watch", new UserId("u"), new ItemId("i"), timeMs, seconds));
  }

  /** Records of every kind, with distinct event ids. */
  static List<LogRecord> mixed(long seed, int count) {
    RandomGenerator random = new Seed(seed).generator("samples");
    List<LogRecord> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      UserId user = new UserId("ü" + random.nextInt(50));
      ItemId item = new ItemId("item-" + random.nextInt(80));
      long timeMs = NOW - random.nextInt(1_000_000);
      records.add(
          switch (random.nextInt(9)) {
            case 0 -> new LogRecord.ItemPut(item, attributes(random), random.nextBoolean(), timeMs);
            case 1 -> new LogRecord.ItemRemoved(item, timeMs);
            case 2 ->
                new LogRecord.UserPut(
                    user, Map.of("country", new AttributeValue.Text("Österreich")), timeMs);
            case 3 -> impression("e" + i, user, item, timeMs, random);
            case 5 ->
                new LogRecord.Exposed(
                    new Exposure(
                        "r" + i,
                        user,
                        user.value(),
                        "ranking",
                        1 + random.nextInt(3),
                        random.nextBoolean() ? "control" : "treatment",
                        0.5,
                        random.nextBoolean()
                            ? Map.of()
                            : Map.of("device", "téléphone", "page", "2")),
                    timeMs);
            case 4 ->
                new LogRecord.Happened(
                    new Event(
                        "e" + i,
                        "watch",
                        user,
                        item,
                        timeMs,
                        random.nextGaussian(),
                        "r" + i,
                        null));
            default ->
                new LogRecord.Happened(new Event("e" + i, "click", user, item, timeMs, Double.NaN));
          });
    }
    return records;
  }

  private static LogRecord impression(
      String id, UserId user, ItemId item, long timeMs, RandomGenerator random) {
    float[] features = new float[random.nextInt(40)];
    for (int f = 0; f < features.length; f++) {
      features[f] = random.nextInt(10) == 0 ? Float.NaN : (float) random.nextGaussian();
    }
    Impression impression =
        new Impression(
            "request-" + id,
            random.nextInt(10),
            1 - random.nextDouble(),
            new Impression.Provenance("r1", "default", "trending", random.nextGaussian()),
            random.nextInt(1000),
            random.nextLong(),
            features);
    return new LogRecord.Happened(
        new Event(id, Event.IMPRESSION, user, item, timeMs, Double.NaN, null, impression));
  }

  private static Map<String, AttributeValue> attributes(RandomGenerator random) {
    Map<String, AttributeValue> attributes = new HashMap<>();
    attributes.put("category", new AttributeValue.Text("c" + random.nextInt(9)));
    attributes.put("genres", new AttributeValue.Tokens(List.of("drama", "g" + random.nextInt(5))));
    attributes.put("duration", new AttributeValue.Numeric(random.nextDouble() * 100));
    attributes.put("published", new AttributeValue.Time(-random.nextInt(1000)));
    return attributes;
  }

  /** Compares by encoded bytes: records with arrays have no equality of their own. */
  static List<String> encoded(List<LogRecord> records) {
    return records.stream()
        .map(r -> java.util.HexFormat.of().formatHex(LogCodec.encode(r)))
        .toList();
  }

  /** Frames with payloads of any bytes. */
  static Frames frames(byte[]... payloads) {
    Frames frames = new Frames(1);
    for (byte[] payload : payloads) {
      ByteWriter out = frames.begin();
      for (byte b : payload) {
        out.putByte(b);
      }
      frames.end();
    }
    return frames;
  }

  static List<LogRecord> replayed(RecordSource source) {
    List<LogRecord> records = new ArrayList<>();
    source.replay((offset, logRecord) -> records.add(logRecord));
    return records;
  }

  static EventLogConfig config(Path folder, long segmentBytes) {
    return new EventLogConfig(folder, segmentBytes, EventLogConfig.Limits.DEFAULT);
  }

  static EventLog open(Path folder, LogFold... folds) {
    return EventLogs.open(EventLogConfig.in(folder), SCHEMA, CLOCK, List.of(folds));
  }

  /** A fold that keeps what it was fed, like the feature store would. */
  static final class Recorder implements LogFold {
    final List<LogRecord> records = new ArrayList<>();
    final List<Long> offsets = new ArrayList<>();
    long applied;

    @Override
    public long appliedOffset() {
      return applied;
    }

    @Override
    public void apply(long[] newOffsets, List<LogRecord> newRecords) {
      for (int i = 0; i < newOffsets.length; i++) {
        if (newOffsets[i] < applied) {
          throw new AssertionError("offered again: " + newOffsets[i]);
        }
        applied = newOffsets[i] + 1;
        offsets.add(newOffsets[i]);
        records.add(newRecords.get(i));
      }
    }

    @Override
    public void discard() {
      applied = 0;
      offsets.clear();
      records.clear();
    }
  }
}
