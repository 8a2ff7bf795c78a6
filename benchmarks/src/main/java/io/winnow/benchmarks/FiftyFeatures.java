package io.winnow.benchmarks;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.features.FeatureSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * An application with 50 features, as a ranker of short videos has them: 12 of the user, 25 of the
 * item, 12 of the user and the item's category and the hour. And events for it, users and items drawn
 * with a skew.
 */
final class FiftyFeatures {
  static final int COLUMNS = 50;
  static final int USERS = 20_000;
  static final int ITEMS = 20_000;

  /** When the events end: 2026-03-01T00:00:00Z. */
  static final long END_MS = 1_772_323_200_000L;

  private static final long SPAN_MS = 30 * 86_400_000L;
  private static final int CATEGORIES = 30;
  private static final String[] TYPES = {"click", "watch", "like"};

  static final String APPLICATION =
      """
      application: fifty
      items: { attributes: { category: string, published: time } }
      events: { click: {}, watch: { value: seconds }, like: {} }
      features:
        user:
          clicks: count(click) over 1h, 1d, 7d, 30d
          seconds: sum(watch.value) over 1h, 1d, 7d, 30d
          likes: count(like) over 1h, 1d, 7d, 30d
        item:
          clicks: count(click) over 1h, 1d, 7d, 30d
          watches: count(watch) over 1h, 1d, 7d, 30d
          seconds: sum(watch.value) over 1h, 1d, 7d, 30d
          mean: mean(watch.value) over 1h, 1d, 7d, 30d
          likes: count(like) over 1h, 1d, 7d, 30d
          like_rate: rate(like, click) over 1h, 1d, 7d, 30d
          age: since(published)
        user x category:
          clicks: count(click) over 1h, 1d, 7d, 30d
          seconds: sum(watch.value) over 1h, 1d, 7d, 30d
          likes: count(like) over 1h, 1d, 7d, 30d
        request:
          hour: hour_of_day
      """;

  private FiftyFeatures() {}

  static ApplicationDefinition application() {
    return ApplicationFile.parse(APPLICATION, "fifty.yaml", Map.of()).definition();
  }

  /** The names of the features. */
  static List<String> names() {
    return FeatureSchema.of(application()).names();
  }

  /** The catalogue, and so many events. */
  static List<LogRecord> records(int events, Seed seed) {
    RandomGenerator random = seed.generator("fifty");
    List<LogRecord> records = new ArrayList<>(ITEMS + events);
    for (int item = 0; item < ITEMS; item++) {
      records.add(
          new LogRecord.ItemPut(
              item(item),
              Map.of(
                  "category",
                  new AttributeValue.Text("c" + item % CATEGORIES),
                  "published",
                  new AttributeValue.Time(END_MS - SPAN_MS)),
              true,
              END_MS - SPAN_MS));
    }
    for (int i = 0; i < events; i++) {
      String type = TYPES[random.nextInt(TYPES.length)];
      double skewed = Math.pow(random.nextDouble(), 3);
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  type,
                  user(random.nextInt(USERS)),
                  item((int) (ITEMS * skewed)),
                  END_MS - SPAN_MS + (long) i * SPAN_MS / events,
                  type.equals("watch") ? random.nextInt(3_000) / 10.0 : Double.NaN)));
    }
    return records;
  }

  static UserId user(int number) {
    return new UserId("user-" + number);
  }

  static ItemId item(int number) {
    return new ItemId("item-" + number);
  }
}
