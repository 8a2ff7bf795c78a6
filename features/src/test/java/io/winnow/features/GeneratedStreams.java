package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Seeded streams of records with requests between them, as hostile as a log may be: late and out of
 * order by up to more than any window allows, days without events, clocks that run hours ahead or
 * step back, heavy users and items, items and users that change or lack attributes, and values at
 * the edges of what is computed. Times gather at the edges of tiles.
 */
final class GeneratedStreams {
  private static final long START_MS = 1_700_000_000_000L;

  /** So many values of this size that no sum of a stream leaves 63 bits of fixed point. */
  private static final int HUGE_VALUES = 7;

  /** Texts that a careless key of two parts would confuse. */
  private static final List<String> CATEGORIES =
      List.of("a", "b", "ab", "a x b", "", "\u0000", "b\u0000a", "é", "日本");

  private final RandomGenerator random;
  private final List<LogRecord> records = new ArrayList<>();
  private final List<Ask> asks = new ArrayList<>();
  private final Set<ItemId> known = new LinkedHashSet<>();
  private final List<Long> spansMs = new ArrayList<>();
  private final List<Long> tilesMs = new ArrayList<>();
  private final List<Long> ttlsMs = new ArrayList<>();
  private final long[] userClockMs;
  private final int items;
  private long nowMs;
  private int hugeLeft = HUGE_VALUES;

  /**
   * A request between records.
   *
   * @param after how many records it sees
   * @param items known by then
   */
  record Ask(
      int after, UserId user, List<ItemId> items, Map<String, String> context, long timeMs) {}

  /**
   * An application, its log, and what is asked.
   *
   * @param asks in the order of {@code after}
   */
  record Case(
      long seed, ApplicationDefinition application, List<LogRecord> records, List<Ask> asks) {}

  private GeneratedStreams(ApplicationDefinition application, RandomGenerator random) {
    this.random = random;
    for (FeatureDefinition feature : application.features()) {
      NaiveFeatures.Tiles tiles = NaiveFeatures.Tiles.of(feature);
      if (tiles != null) {
        spansMs.add(GeneratedApplications.spanOf(feature).toMillis());
        tilesMs.add(tiles.tileMs());
      }
      Duration ttl = application.operations().featureStore().view(feature.entity().label()).ttl();
      ttlsMs.add(ttl.toMillis());
    }
    if (spansMs.isEmpty()) {
      spansMs.add(3_600_000L);
      tilesMs.add(150_000L);
    }
    this.nowMs = START_MS + random.nextLong(GeneratedApplications.DAY_MS);
    this.userClockMs = new long[1 + random.nextInt(8)];
    this.items = 1 + random.nextInt(8);
    for (int user = 0; user < userClockMs.length; user++) {
      if (random.nextInt(5) == 0) {
        userClockMs[user] = random.nextLong(-span() / 8, span() + 1);
      }
    }
  }

  /** The case of a seed. */
  static Case generate(long seed, int size) {
    RandomGenerator random = new Seed(seed).generator("application");
    return generate(seed, GeneratedApplications.generate(random), size);
  }

  /** The case of a seed for an application. */
  static Case generate(long seed, ApplicationDefinition application, int size) {
    RandomGenerator random = new Seed(seed).generator("stream");
    return new GeneratedStreams(application, random).play(seed, application, size);
  }

  private Case play(long seed, ApplicationDefinition application, int size) {
    // The whole stream takes from a fraction of a window to many.
    double[] windows = {0.1, 0.7, 1.5, 4, 20};
    long meanStepMs = Math.max(1, (long) (span() * windows[random.nextInt(windows.length)] / size));
    while (records.size() < size) {
      nowMs += random.nextLong(2 * meanStepMs + 1);
      switch (random.nextInt(80)) {
        case 0 -> nowMs += random.nextLong(3 * span());
        case 1 -> nowMs -= random.nextLong(span());
        case 2 -> nowMs += random.nextLong(4 * GeneratedApplications.DAY_MS);
        default -> {}
      }
      add();
      if (random.nextInt(size) < 10 && !known.isEmpty()) {
        asks.add(ask());
      }
    }
    while (known.isEmpty()) {
      add();
    }
    asks.add(ask());
    return new Case(seed, application, List.copyOf(records), List.copyOf(asks));
  }

  private void add() {
    ItemId item = item();
    int user = Shorts.skewed(random, userClockMs.length);
    switch (random.nextInt(24)) {
      case 0, 1 ->
          records.add(
              new LogRecord.ItemPut(
                  item, attributes("creator", "tags", "published"), random.nextBoolean(), nowMs));
      case 2 -> records.add(new LogRecord.ItemRemoved(item, nowMs));
      case 3, 4 -> {
        records.add(
            new LogRecord.UserPut(
                userId(user), attributes("country", "interests", "joined"), nowMs));
        return;
      }
      default ->
          records.add(new LogRecord.Happened(event(userId(user), item, nowMs + userClockMs[user])));
    }
    known.add(item);
  }

  private ItemId item() {
    return new ItemId("item" + Shorts.skewed(random, items));
  }

  private static UserId userId(int user) {
    // One id is the start of another, and one is an item's.
    return new UserId(user == 0 ? "item0" : user == 1 ? "user" : "user" + user);
  }

  private Map<String, AttributeValue> attributes(String text, String tokens, String time) {
    Map<String, AttributeValue> attributes = new LinkedHashMap<>();
    if (random.nextInt(4) > 0) {
      attributes.put(text, new AttributeValue.Text(category()));
    }
    if (random.nextInt(4) > 0) {
      List<String> categories = new ArrayList<>();
      for (int left = random.nextInt(4); left > 0; left--) {
        categories.add(category());
      }
      attributes.put(tokens, new AttributeValue.Tokens(categories));
    }
    if (random.nextBoolean()) {
      attributes.put(
          time,
          new AttributeValue.Time(nowMs - random.nextLong(30 * GeneratedApplications.DAY_MS)));
    }
    return attributes;
  }

  private String category() {
    return CATEGORIES.get(Shorts.skewed(random, CATEGORIES.size()));
  }

  private Event event(UserId user, ItemId item, long clockMs) {
    long timeMs =
        switch (random.nextInt(16)) {
          case 0 -> clockMs - random.nextLong(10_000);
          case 1 -> clockMs - random.nextLong(1 + span() / 24);
          case 2 -> clockMs - random.nextLong(span());
          case 3 -> clockMs - random.nextLong(3 * span());
          case 4 -> random.nextInt(4) == 0 ? clockMs + random.nextLong(2 * span()) : clockMs;
          case 5, 6, 7 -> atEdge(clockMs);
          case 8 -> records.isEmpty() ? clockMs : records.getLast().timeMs();
          default -> clockMs;
        };
    String id = "e" + records.size();
    return switch (random.nextInt(16)) {
      case 0, 1, 2, 3 -> new Event(id, "click", user, item, timeMs, Double.NaN);
      case 4, 5, 6, 7, 8 -> new Event(id, "watch", user, item, timeMs, value());
      case 9, 10 ->
          new Event(id, "rate", user, item, timeMs, random.nextInt(3) == 0 ? Double.NaN : value());
      case 11 -> new Event(id, "undeclared", user, item, timeMs, value());
      default -> impression(id, user, item, timeMs);
    };
  }

  static Event impression(String id, UserId user, ItemId item, long timeMs) {
    Impression impression =
        new Impression(
            "r", 0, 1, new Impression.Provenance("1", "default", "fresh", 0), 0, 0, new float[0]);
    return new Event(id, Event.IMPRESSION, user, item, timeMs, Double.NaN, "r", impression);
  }

  private double value() {
    return switch (random.nextInt(12)) {
      case 0 -> random.nextGaussian() * 1e-6;
      // Halfway between two multiples of 2⁻²⁰: rounds to the even one.
      case 1 -> (2 * random.nextInt(-8, 8) + 1) * 0x1p-21;
      case 2 -> random.nextBoolean() ? Double.MIN_VALUE : -1e-300;
      case 3 -> huge();
      case 4, 5, 6 -> random.nextDouble() * 60;
      case 7 -> random.nextGaussian() * 1000;
      default ->
          GeneratedApplications.COMMON_VALUES[
              random.nextInt(GeneratedApplications.COMMON_VALUES.length)];
    };
  }

  private double huge() {
    if (hugeLeft-- <= 0) {
      return random.nextGaussian() * 1e6;
    }
    double[] values = {
      1e13, -1e13, 0x1p40, -0x1p40, 0x1p40 + 1, 1e300, -1e300, 1e11, 987654321098.7
    };
    return values[random.nextInt(values.length)];
  }

  private long span() {
    return spansMs.get(random.nextInt(spansMs.size()));
  }

  /** A time near another one, at the edge of some feature's tile or one millisecond off it. */
  private long atEdge(long timeMs) {
    long tileMs = tilesMs.get(random.nextInt(tilesMs.size()));
    return Math.floorDiv(timeMs, tileMs) * tileMs + random.nextInt(-1, 2);
  }

  private Ask ask() {
    return random.nextInt(4) == 0 ? askAtEndOfLife() : askNear();
  }

  /**
   * Asks for the user and item of the newest event of somebody, to the millisecond where a view's
   * time to live ends after it.
   */
  private Ask askAtEndOfLife() {
    UserId user = userId(Shorts.skewed(random, userClockMs.length));
    boolean anybody = random.nextBoolean();
    Event newest = null;
    for (LogRecord record : records) {
      if (record instanceof LogRecord.Happened(Event event)
          && (anybody || event.user().equals(user))
          && !event.type().equals("undeclared")
          && (newest == null || event.timeMs() >= newest.timeMs())) {
        newest = event;
      }
    }
    if (newest == null) {
      return askNear();
    }
    long ttlMs = ttlsMs.get(random.nextInt(ttlsMs.size()));
    return new Ask(
        records.size(),
        newest.user(),
        List.of(newest.item()),
        Map.of(),
        newest.timeMs() + ttlMs + random.nextInt(2));
  }

  private Ask askNear() {
    LogRecord some = records.get(random.nextInt(records.size()));
    long timeMs =
        switch (random.nextInt(10)) {
          case 0 -> nowMs - random.nextLong(span());
          case 1 -> nowMs + random.nextLong(span());
          case 2, 3 -> atEdge(nowMs);
          case 4 -> atEdge(nowMs + span());
          case 5 -> some.timeMs() + random.nextInt(-1, 2);
          default -> nowMs;
        };
    List<ItemId> candidates = new ArrayList<>(known);
    List<ItemId> asked = new ArrayList<>();
    for (int left = 1 + random.nextInt(3); left > 0; left--) {
      asked.add(candidates.get(random.nextInt(candidates.size())));
    }
    String[] devices = {"tv", "7", "-1.5e3", "1e99", "", "０"};
    Map<String, String> context =
        random.nextInt(3) == 0 ? Map.of() : Map.of("device", devices[random.nextInt(6)]);
    return new Ask(
        records.size(),
        userId(Shorts.skewed(random, userClockMs.length + 1)),
        asked,
        context,
        timeMs);
  }
}
