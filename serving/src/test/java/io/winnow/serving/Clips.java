package io.winnow.serving;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.ranker.RankerConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/** A small application, a log of it, and a training of a second. */
final class Clips {
  /** When the log's last event happened, and requests come: 2026-01-08. */
  static final long NOW_MS = 1_767_830_400_000L;

  static final int ITEMS = 40;
  private static final int USERS = 20;
  private static final int EVENTS = 400;

  static final ApplicationFile APPLICATION =
      ApplicationFile.parse(
          """
          application: clips
          items:
            attributes: { category: string }
          users:
            attributes: { country: string }
          events: [click]
          features:
            user: { clicks_1d: count(click) over 1d, shown_1d: count(impression) over 1d }
            item: { clicks_1d: count(click) over 1d, ctr_7d: rate(click, impression) over 7d }
            user x category: { clicks_7d: count(click) over 7d }
          retrieval: { two_tower: 20, item_to_item: 20, ease: 20, ials: 20, trending: 20, popular: 20, fresh: 20 }
          reranking: { explore: 0.1 }
          """,
          "clips.yaml",
          Map.of());

  private Clips() {}

  /** Items of three categories; users who each prefer one. */
  static List<LogRecord> records() {
    RandomGenerator random = new Seed(5).generator("clips");
    List<LogRecord> records = new ArrayList<>();
    long beginMs = NOW_MS - (EVENTS + 1) * 600_000L;
    for (int item = 0; item < ITEMS; item++) {
      records.add(
          new LogRecord.ItemPut(
              new ItemId("i" + item),
              Map.of("category", new AttributeValue.Text("c" + item % 3)),
              true,
              beginMs));
    }
    Set<String> had = new HashSet<>();
    for (int event = 0; event < EVENTS; event++) {
      int user = random.nextInt(USERS);
      int item = random.nextInt(ITEMS);
      if (random.nextInt(4) > 0) {
        item = Math.min(ITEMS - 1, item - item % 3 + user % 3);
      }
      if (had.add(user + ":" + item)) {
        records.add(click("e" + event, "u" + user, "i" + item, beginMs + event * 600_000L));
      }
    }
    return records;
  }

  static LogRecord click(String id, String user, String item, long timeMs) {
    return new LogRecord.Happened(
        new Event(id, "click", new UserId(user), new ItemId(item), timeMs, Double.NaN));
  }

  static TrainerConfig training() {
    EncoderConfig encoder =
        new EncoderConfig(
            new EncoderConfig.Network(8, 1, 1, 10, 0.1),
            new EncoderConfig.Sampling(32, 0.75, 0.3, 0.1),
            new EncoderConfig.Training(256, 1, 1, 5e-3, 0.01, 0.998, 1000));
    return new TrainerConfig(
        1,
        1,
        new TrainerConfig.Split(0.3, 100, 50, 20, 60, true),
        encoder,
        encoder,
        TrainerConfig.defaults(1, 1).linear(),
        new RankerConfig(
            new RankerConfig.Network(8, 8, 1, 1, 0.1),
            new RankerConfig.Training(2048, 1, 2e-3, 0.01, 0.5, 0.2, 1000)));
  }
}
