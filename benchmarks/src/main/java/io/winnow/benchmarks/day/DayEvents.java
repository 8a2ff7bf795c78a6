package io.winnow.benchmarks.day;

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
import java.util.SplittableRandom;

/**
 * The events of a simulated day, each computed from its number, so that a process that starts anew
 * goes on where another was killed. Users and items are drawn with a skew, as real ones are; one
 * event in twenty happened up to an hour before it is sent.
 *
 * @param events how many the day has
 */
record DayEvents(int events) {
  /** When the day begins: 2026-03-01T00:00:00Z. */
  static final long START_MS = 1_772_323_200_000L;

  private static final long DAY_MS = 86_400_000L;
  private static final int USERS = 20_000;
  private static final int ITEMS = 5_000;
  private static final int CATEGORIES = 25;
  private static final double LATE_SHARE = 0.05;
  private static final int LATE_MS_MAX = 3_600_000;
  private static final String[] TYPES = {"click", "watch", "watch", "like"};
  private static final String[] COUNTRIES = {"de", "fr", "jp", "us"};

  /** All that the fold can compute, over every kind of key. */
  private static final String APPLICATION =
      """
      application: day
      items: { attributes: { category: string, tags: strings, published: time } }
      users: { attributes: { country: string } }
      events: { click: {}, watch: { value: seconds }, like: {} }
      features:
        user:
          watches: count(watch) over 1m, 1h, 1d
          seconds: sum(watch.value) over 1h, 7d
          long: count(watch where value >= 30) over 1d
          variety: distinct(watch.item) over 1d
          recent: last(50, watch.item)
          idle: since(*)
        item:
          ctr: rate(click, impression) over 1h, 1d
          seconds: mean(watch.value) over 1h, 1d
          longest: max(watch.value) over 1d
          shortest: min(watch.value) over 1d
          reach: distinct(watch.user) over 1d
          median: quantile(0.5, watch.value) over 1d
          heat: decay(click) half_life 2h
          age: since(published)
        category:
          watches: count(watch) over 1h
        user.country:
          likes: count(like) over 1d
        user.country x category:
          seconds: decay(watch.value) half_life 6h
        user x item:
          clicks: count(click) over 1d
        user x category:
          seconds: sum(watch.value) over 7d
          last: last(watch.value)
        user x tags:
          clicks: count(click) over 1d
        request:
          hour: hour_of_day
      """;

  /** The application of the day. */
  static ApplicationDefinition application() {
    return ApplicationFile.parse(APPLICATION, "day.yaml", Map.of()).definition();
  }

  /** What is sent before the first event: the catalogue and the users' countries. */
  static List<LogRecord> preparation() {
    List<LogRecord> records = new ArrayList<>();
    for (int item = 0; item < ITEMS; item++) {
      records.add(itemPut(item, item % CATEGORIES, START_MS));
    }
    for (int user = 0; user < USERS; user++) {
      records.add(
          new LogRecord.UserPut(
              user(user),
              Map.of("country", new AttributeValue.Text(COUNTRIES[user % COUNTRIES.length])),
              START_MS));
    }
    return records;
  }

  private static LogRecord itemPut(int item, int category, long timeMs) {
    return new LogRecord.ItemPut(
        item(item),
        Map.of(
            "category", new AttributeValue.Text("c" + category),
            "tags", new AttributeValue.Tokens(List.of("t" + item % 7, "t" + item % 11)),
            "published", new AttributeValue.Time(START_MS - item * 60_000L)),
        true,
        timeMs);
  }

  /** When an event is sent. */
  long sentMs(long number) {
    return START_MS + number * DAY_MS / events;
  }

  /** One event; now and then an item that moves to another category instead. */
  LogRecord logRecord(long number) {
    SplittableRandom random = new SplittableRandom(Seed.mix(number));
    long sentMs = sentMs(number);
    if (random.nextInt(2_000) == 0) {
      return itemPut(skewed(random, ITEMS), random.nextInt(CATEGORIES), sentMs);
    }
    String type = TYPES[random.nextInt(TYPES.length)];
    boolean late = random.nextDouble() < LATE_SHARE;
    return new LogRecord.Happened(
        new Event(
            "e" + number,
            type,
            user(skewed(random, USERS)),
            item(skewed(random, ITEMS)),
            late ? sentMs - random.nextInt(LATE_MS_MAX) : sentMs,
            type.equals("watch") ? random.nextInt(3_000) / 10.0 : Double.NaN));
  }

  /** A number below a bound; small ones are more likely. */
  static int skewed(SplittableRandom random, int bound) {
    double uniform = random.nextDouble();
    return (int) (bound * uniform * uniform);
  }

  /** A user as requests have them. */
  static UserId user(SplittableRandom random) {
    return user(skewed(random, USERS));
  }

  private static UserId user(int number) {
    return new UserId("user-" + number);
  }

  private static ItemId item(int number) {
    return new ItemId("item-" + number);
  }
}
