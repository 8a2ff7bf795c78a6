package io.winnow.lifecycle.offpolicy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.experiments.offpolicy.Doubt;
import io.winnow.experiments.offpolicy.Estimator;
import io.winnow.experiments.offpolicy.OffPolicyEstimator;
import io.winnow.experiments.offpolicy.OffPolicyResult;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.ServingRelease.Counterfactual;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.ranking.reranking.Slate.Placed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Releases replayed on the log of one of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ReleaseReplayTest {
  private static final int REQUESTS = 200;
  private static final int PLACES = 4;
  private static final Seed SEED = new Seed(3);

  private final List<LogRecord> past = TinyWorld.records(700);
  private final Release explorer = train("0.4", 1);
  private final Release greedy = train("0", 2);
  private final List<LogRecord> log = log(explorer);

  private static ApplicationFile application(String explore) {
    return ApplicationFile.parse(
        """
        application: clips
        items:
          attributes: { category: string }
        events:
          click: {}
          watch: { value: seconds }
        features:
          item: { clicks_1d: count(click) over 1d, shown_1d: count(impression) over 1d }
          user x category: { clicks_7d: count(click) over 7d }
        objectives:
          click: 1.0
          long_view: { when: watch.value >= 30, weight: 2.0 }
        outcome_window: 5m
        retrieval: { two_tower: 6, popular: 4 }
        reranking: { explore: %s }
        """
            .formatted(explore),
        "clips.yaml",
        Map.of());
  }

  private Release train(String explore, long seed) {
    return new Trainer(
            application(explore),
            TinyWorld.config(seed),
            TimeSource.system(),
            TrainingProgress.silent())
        .train(RecordSource.of(past), past.size());
  }

  /** The past, then requests answered by a release, with impressions and what became of them. */
  private List<LogRecord> log(Release release) {
    List<LogRecord> records = new ArrayList<>(past);
    RandomGenerator random = SEED.generator("log");
    try (OnlineStore store = OnlineStores.inMemory(release.definition())) {
      TinyWorld.append(store, past);
      ServingRelease serving = new ServingRelease(release, store, new CallerRunsExecutor());
      for (int request = 0; request < REQUESTS; request++) {
        int user = random.nextInt(40);
        long timeMs = TinyWorld.BEGIN_MS + (701 + request) * TinyWorld.STEP_MS;
        List<LogRecord> answer = new ArrayList<>();
        Moment moment = serving.moment(new UserId("u" + user), Map.of(), _ -> true, timeMs);
        Ranked ranked = serving.rank(moment, serving.retrieve(moment, Duration.ofMinutes(1)));
        for (Placed placed : serving.rerank(moment, ranked, PLACES, Seed.mix(request)).placed()) {
          ItemId item = serving.item(placed.item());
          answer.add(impression("r" + request, serving, ranked, placed, user, timeMs));
          int liked = Integer.parseInt(item.value().substring(1)) % 3 == user % 3 ? 5 : 1;
          if (random.nextInt(10) < liked) {
            answer.add(
                new LogRecord.Happened(
                    new Event(
                        "c" + request + ":" + placed.position(),
                        "click",
                        new UserId("u" + user),
                        item,
                        timeMs + 1_000,
                        Double.NaN)));
          }
        }
        TinyWorld.append(store, answer);
        records.addAll(answer);
      }
    }
    return records;
  }

  private static LogRecord impression(
      String request, ServingRelease serving, Ranked ranked, Placed placed, int user, long timeMs) {
    return new LogRecord.Happened(
        new Event(
            request + ":" + placed.position(),
            Event.IMPRESSION,
            new UserId("u" + user),
            serving.item(placed.item()),
            timeMs,
            Double.NaN,
            request,
            new Impression(
                request,
                placed.position(),
                placed.propensity(),
                new Impression.Provenance(serving.version(), "default", "popular", placed.score()),
                ranked.asOfOffset(),
                serving.schemaHash(),
                ranked.storeFeatures(placed.item()))));
  }

  private ReleaseReplay.Settings settings(int maxRequests, int threads) {
    return new ReleaseReplay.Settings(
        past.size(), maxRequests, 3, threads, SEED, OffPolicyEstimator.Settings.DEFAULT);
  }

  private ReleaseValue replay(Release release, ReleaseReplay.Settings settings) {
    return ReleaseReplay.run(release.definition(), release, RecordSource.of(log), settings);
  }

  @Test
  void run_theReleaseThatMadeTheLog_hasWeightOneEverywhere() {
    ReleaseValue value = replay(explorer, settings(10_000, 2));

    OffPolicyResult result = value.value();
    assertEquals(REQUESTS, value.slates());
    assertEquals(REQUESTS - value.leftOut(), result.requests());
    assertTrue(value.leftOut() <= 1, "only the newest is not settled: " + value.leftOut());
    assertEquals((double) result.requests(), result.sequential().effective(), 1e-6);
    assertEquals(0, result.sequential().without());
    assertTrue(result.observed().value() > 0.5, "clicks " + result.observed());
    for (Estimator estimator :
        List.of(
            Estimator.SEQUENTIAL_IPS, Estimator.SEQUENTIAL_SELF_NORMALISED, Estimator.SLOT_IPS)) {
      assertEquals(
          result.observed().value(),
          Objects.requireNonNull(result.estimates().get(estimator)).value(),
          1e-9,
          estimator.name());
    }
    assertTrue(result.value().contains(result.observed().value()), result.value().toString());
    assertEquals(List.of(), result.doubts());
    assertEquals(List.of("click", "long_view"), List.copyOf(value.objectives().keySet()));
    assertEquals(
        result.observed().value(),
        Objects.requireNonNull(value.objectives().get("click")).observed().value(),
        1e-9,
        "nobody watched");
  }

  @Test
  void run_aReleaseThatDoesNotExplore_isDoubted() {
    OffPolicyResult result = replay(greedy, settings(10_000, 2)).value();

    assertTrue(result.sequential().without() > 0.2, "without " + result.sequential().without());
    assertTrue(result.sequential().effective() < 60, "effective " + result.sequential());
    assertFalse(result.believable());
    assertTrue(
        result.doubts().stream()
            .anyMatch(doubt -> doubt.kind() == Doubt.Kind.FEW_EFFECTIVE_REQUESTS),
        result.doubts().toString());
  }

  @Test
  void run_numberOfThreads_changesNothingButTheDraws() {
    ReleaseValue one = replay(explorer, settings(10_000, 1));
    ReleaseValue two = replay(explorer, settings(10_000, 2));
    assertEquals(one.value().sequential(), two.value().sequential());
    assertEquals(one.value().observed(), two.value().observed());
  }

  @Test
  void run_moreRequestsThanTheLimit_takesASample() {
    ReleaseValue value = replay(explorer, settings(50, 2));
    assertEquals(50, value.slates());
    assertEquals(50 - value.leftOut(), value.value().requests());
    assertEquals(value, replay(explorer, settings(50, 2)));
  }

  @Test
  void run_requestsThatTheReleaseWasTrainedOn_isRefused() {
    ReleaseReplay.Settings peeking =
        new ReleaseReplay.Settings(
            past.size() - 1, 100, 1, 1, SEED, OffPolicyEstimator.Settings.DEFAULT);
    WinnowException refused = assertThrows(WinnowException.class, () -> replay(explorer, peeking));
    assertEquals("fromOffset", refused.problems().getFirst().field());
    assertEquals(past.size(), ReleaseReplay.Settings.defaults(explorer, SEED, 1).fromOffset());
  }

  @Test
  void run_logWithoutSlates_isRefused() {
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () ->
                ReleaseReplay.run(
                    explorer.definition(), explorer, RecordSource.of(past), settings(100, 1)));
    assertEquals("slates", refused.problems().getFirst().field());
  }

  @Test
  void counterfactual_withoutExploration_isCertainOfItsOwnSlateAndExpectsWhatItsRankerSays() {
    try (OnlineStore store = OnlineStores.inMemory(greedy.definition())) {
      TinyWorld.append(store, past);
      ServingRelease serving = new ServingRelease(greedy, store, new CallerRunsExecutor());
      UserId user = new UserId("u5");
      long nowMs = TinyWorld.BEGIN_MS + 800 * TinyWorld.STEP_MS;
      Moment moment = serving.moment(user, Map.of(), _ -> true, nowMs);
      Ranked ranked = serving.rank(moment, serving.retrieve(moment, Duration.ofMinutes(1)));
      List<ItemId> own =
          serving.rerank(moment, ranked, PLACES, 1).placed().stream()
              .map(placed -> serving.item(placed.item()))
              .toList();

      Counterfactual counterfactual = serving.counterfactual(user, nowMs, own, 2, 5);

      assertArrayEquals(new double[] {1, 1, 1, 1}, counterfactual.propensities());
      assertArrayEquals(counterfactual.predicted(), counterfactual.expected(), 1e-12);
      float[] probabilities =
          serving.probabilities(
              new TrainingRequest.Shown(
                  user, nowMs, past.size(), own, new int[] {0, 1, 2, 3}, new float[8]));
      assertEquals(8, probabilities.length);
      for (int i = 0; i < probabilities.length; i++) {
        assertEquals(probabilities[i], counterfactual.predicted()[i], 1e-6);
      }
      List<ItemId> strange = List.of(own.getFirst(), new ItemId("never seen"), own.get(2));
      assertArrayEquals(
          new double[] {1, 0, 0},
          serving.counterfactual(user, nowMs, strange, 1, 5).propensities());
    }
  }
}
