package io.winnow.lifecycle.rollout;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.models.ranker.RankerConfig;
import io.winnow.ranking.reranking.Slate.Placed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A log of users who click what they like of what they look at: what they find by themselves, what
 * is popular, then the slates of a champion. Users are fond of one category of five; some items are
 * better than others; the lower a place, the fewer look there.
 */
final class GateWorld {
  /** The application file. */
  static final String TEXT =
      """
      application: gate
      items:
        attributes: { category: string }
      events:
        click: {}
      features:
        user: { clicks_1d: count(click) over 1d }
        item: { clicks_1d: count(click) over 1d, clicks_7d: count(click) over 7d, rate_7d: rate(click, impression) over 7d }
        user x category: { clicks_7d: count(click) over 7d, shown_7d: count(impression) over 7d }
      objectives:
        click: 1.0
      outcome_window: 5m
      retrieval: { two_tower: 60, item_to_item: 20, ease: 20, popular: 20, trending: 20 }
      reranking: { explore: 0.1 }
      serving: { slate: 8 }
      """;

  static final int PLACES = 8;
  private static final int USERS = 150;
  private static final int ITEMS = 400;
  private static final int CATEGORIES = 5;
  private static final long BEGIN_MS = TinyWorld.BEGIN_MS;
  private static final long STEP_MS = 60_000;

  final List<LogRecord> records = new ArrayList<>();
  private final RandomGenerator random;
  private int step;

  GateWorld(long seed) {
    this.random = new Seed(seed).generator("gate world");
    for (int item = 0; item < ITEMS; item++) {
      records.add(
          new LogRecord.ItemPut(
              item(item),
              Map.of("category", new AttributeValue.Text("c" + item % CATEGORIES)),
              true,
              BEGIN_MS));
    }
  }

  static ApplicationFile application() {
    return ApplicationFile.parse(TEXT, "gate.yaml", Map.of());
  }

  static ApplicationDefinition definition() {
    return application().definition();
  }

  /** A training of seconds, with a ranker that learns from slates. */
  static Release train(List<LogRecord> records, long seed) {
    TrainerConfig tiny = TinyWorld.config(seed);
    TrainerConfig config =
        new TrainerConfig(
            seed,
            2,
            new TrainerConfig.Split(0.4, 100, 50, 20, 2_000, false, 0),
            tiny.encoder().withLimits(6, 1000),
            tiny.encoder().withLimits(2, 1000),
            tiny.linear(),
            new RankerConfig(
                tiny.ranker().network(),
                new RankerConfig.Training(1024, 8, 5e-3, 0.01, 0.5, 0.2, 1000)));
    long nowMs = records.getLast().timeMs() + seed;
    return new Trainer(application(), config, () -> nowMs, TrainingProgress.silent())
        .train(RecordSource.of(records), records.size());
  }

  private static ItemId item(int item) {
    return new ItemId("i" + item);
  }

  /** How likely a user clicks an item that it looks at. */
  private static double appeal(int user, int item) {
    double quality = 0.4 + 0.6 * ((item * 37) % 101) / 100.0;
    return quality * (item % CATEGORIES == user % CATEGORIES ? 0.5 : 0.06);
  }

  /** Users click what they find by themselves. */
  GateWorld organic(int visits) {
    for (int visit = 0; visit < visits; visit++) {
      step++;
      int user = random.nextInt(USERS);
      int item = random.nextInt(ITEMS);
      if (random.nextDouble() < 2 * appeal(user, item)) {
        records.add(click("o" + step, user, item, BEGIN_MS + step * STEP_MS));
      }
    }
    return this;
  }

  /** A release answers requests, and users click what they like of what they look at. */
  GateWorld serve(Release release, int requests) {
    try (OnlineStore store = OnlineStores.inMemory(release.definition())) {
      TinyWorld.append(store, records);
      ServingRelease serving = new ServingRelease(release, store, new CallerRunsExecutor());
      for (int request = 0; request < requests; request++) {
        List<LogRecord> answer = answer(serving);
        TinyWorld.append(store, answer);
        records.addAll(answer);
      }
    }
    return this;
  }

  private List<LogRecord> answer(ServingRelease serving) {
    step++;
    int user = random.nextInt(USERS);
    long timeMs = BEGIN_MS + step * STEP_MS;
    List<LogRecord> answer = new ArrayList<>();
    List<LogRecord> clicks = new ArrayList<>();
    Moment moment = serving.moment(new UserId("u" + user), Map.of(), _ -> true, timeMs);
    Ranked ranked = serving.rank(moment, serving.retrieve(moment, Duration.ofMinutes(1)));
    for (Placed placed : serving.rerank(moment, ranked, PLACES, random.nextLong()).placed()) {
      int item = Integer.parseInt(serving.item(placed.item()).value().substring(1));
      String id = "r" + step + ":" + placed.position();
      answer.add(
          new LogRecord.Happened(
              new Event(
                  id,
                  Event.IMPRESSION,
                  new UserId("u" + user),
                  item(item),
                  timeMs,
                  Double.NaN,
                  "r" + step,
                  new Impression(
                      "r" + step,
                      placed.position(),
                      placed.propensity(),
                      new Impression.Provenance(
                          serving.version(), "default", "popular", placed.score()),
                      ranked.asOfOffset(),
                      serving.schemaHash(),
                      ranked.storeFeatures(placed.item())))));
      double looked = 1 / (1 + 0.3 * placed.position());
      if (random.nextDouble() < looked * appeal(user, item)) {
        clicks.add(click(id, user, item, timeMs + 1_000));
      }
    }
    answer.addAll(clicks);
    return answer;
  }

  private static LogRecord click(String id, int user, int item, long timeMs) {
    return new LogRecord.Happened(
        new Event("c" + id, "click", new UserId("u" + user), item(item), timeMs, Double.NaN));
  }
}
