package io.winnow.features;

import io.winnow.core.LogRecord;
import io.winnow.core.application.ApplicationFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Application files for the streams of {@link Shorts}. */
final class ShortsFile {
  static final String TEXT =
      """
      application: shorts
      items:
        attributes: { creator: string, tags: strings, published: time }
      users:
        attributes: { joined: time }
      events: { click: {}, watch: { value: seconds }, like: {} }
      features:
        user:
          events_7d: count(*) over 7d
          watch_time_7d: sum(watch.value) over 7d
          recent: last(5, watch.item)
        item:
          ctr_1h: rate(click, impression) over 1h
          long_7d: count(watch.value >= 30) over 7d
          age: since(published)
        user x item:
          shown_7d: count(impression) over 7d
        user x tags:
          watched_1d: sum(watch.value) over 1d
        request:
          hour: hour_of_day
      """;

  private ShortsFile() {}

  static ApplicationFile first() {
    return parse(TEXT);
  }

  /** The second application: one feature in another version, one more, one less. */
  static ApplicationFile second() {
    return parse(
        TEXT.replace("events_7d: count(*) over 7d", "events_7d: count(click) over 7d")
            .replace("watch_time_7d: sum(watch.value) over 7d", "likes_7d: count(like) over 7d"));
  }

  static ApplicationFile parse(String text) {
    return ApplicationFile.parse(text, "winnow.yaml", Map.of());
  }

  /** Leaves out events that are dated ahead of those behind them. */
  static List<LogRecord> withoutFuture(List<LogRecord> records) {
    List<LogRecord> kept = new ArrayList<>();
    for (int i = 0; i < records.size() - 2; i++) {
      long timeMs = records.get(i).timeMs() - 600_000;
      if (timeMs < records.get(i + 1).timeMs() || timeMs < records.get(i + 2).timeMs()) {
        kept.add(records.get(i));
      }
    }
    return kept;
  }
}
