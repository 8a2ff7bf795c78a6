package io.winnow.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport;
import io.winnow.features.FeatureAudit;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainingProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class RecommendationPipelineTest {
  private static final UserId USER = new UserId("u1");

  /** Nothing healthy is late by this, however busy the machine. */
  private static final Duration LONG = Duration.ofSeconds(10);

  /** Enough for the healthy stages; what is stuck is stuck for good. */
  private static final Duration SHORT = Duration.ofSeconds(3);

  private final Release release =
      new Trainer(
              Clips.APPLICATION, Clips.training(), () -> Clips.NOW_MS, TrainingProgress.silent())
          .train(RecordSource.of(Clips.records()), Clips.records().size());
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /** What is stuck in a test ends with it. */
  private final List<CountDownLatch> stuck = new ArrayList<>();

  @TempDir Path folder;
  private Parts parts;

  @BeforeEach
  void open(@TempDir Path log) {
    parts = new Parts(Clips.APPLICATION, release, log);
    parts.append(Clips.records());
    assertEquals(List.of(), parts.recommend(request("warm up").build()).degraded());
    stuck.clear();
  }

  @AfterEach
  void close() {
    stuck.forEach(CountDownLatch::countDown);
    parts.close();
  }

  @AfterAll
  void shutdown() {
    threads.shutdownNow();
  }

  /** A pipeline over a real log and store, and all that can go wrong with it. */
  private final class Parts implements AutoCloseable {
    final RefusingPool compute = new RefusingPool(threads);
    final RefusingPool sources = new RefusingPool(threads);
    final RefusingPool waiting = new RefusingPool(threads);
    final OnlineStore store;
    final TroubledLog log;
    final TroubledStages stages;
    final RecommendationPipeline pipeline;

    Parts(ApplicationFile application, Release release, Path folder) {
      store = OnlineStores.inMemory(application.definition());
      TimeSource clock = () -> Clips.NOW_MS;
      log =
          new TroubledLog(
              EventLogs.open(
                  EventLogConfig.in(folder),
                  application.definition().schema(),
                  clock,
                  List.of(store)));
      stages = new TroubledStages(new ServingRelease(release, store, sources));
      pipeline = new RecommendationPipeline(stages, log, clock, compute, waiting);
    }

    Slate recommend(RecommendationRequest request) {
      Slate slate = pipeline.recommend(request);
      assertEquals(request.requestId(), slate.requestId());
      for (int i = 0; i < slate.items().size(); i++) {
        assertEquals(i, slate.items().get(i).position());
      }
      return slate;
    }

    void append(List<LogRecord> records) {
      for (EventLog.Verdict verdict : log.append(records)) {
        assertEquals(EventLog.Verdict.Status.ACCEPTED, verdict.status(), verdict.toString());
      }
    }

    List<Event> impressions(String requestId) {
      List<Event> impressions = new ArrayList<>();
      log.replay((_, record) -> {
        if (record instanceof LogRecord.Happened(Event event)
            && event.impression() != null
            && requestId.equals(event.requestId())) {
          impressions.add(event);
        }
      });
      return impressions;
    }

    @Override
    public void close() {
      log.close();
      store.close();
    }
  }

  /** A request with defaults. */
  private record Draft(
      String id, UserId user, Set<ItemId> exclude, Map<String, String> filters, Duration deadline) {
    RecommendationRequest build() {
      return new RecommendationRequest(id, user, 10, "home", Map.of(), exclude, filters, deadline);
    }

    Draft of(UserId other) {
      return new Draft(id, other, exclude, filters, deadline);
    }

    Draft without(Set<ItemId> items) {
      return new Draft(id, user, items, filters, deadline);
    }

    Draft only(Map<String, String> categories) {
      return new Draft(id, user, exclude, categories, deadline);
    }

    Draft within(Duration time) {
      return new Draft(id, user, exclude, filters, time);
    }
  }

  private static Draft request(String id) {
    return new Draft(id, USER, Set.of(), Map.of(), LONG);
  }

  private static Set<ItemId> items(Slate slate) {
    return slate.items().stream().map(SlateItem::item).collect(Collectors.toSet());
  }

  private Set<ItemId> had(UserId user) {
    Set<ItemId> had = new HashSet<>();
    for (int item : parts.store.history(user).items()) {
      had.add(parts.store.catalog().item(item));
    }
    return had;
  }

  /** Blocks whoever runs it until the test has ended. */
  private Runnable blocked() {
    CountDownLatch end = new CountDownLatch(1);
    stuck.add(end);
    return () -> {
      boolean ended = false;
      while (!ended) {
        try {
          end.await();
          ended = true;
        } catch (InterruptedException e) {
          // Work that does not listen: that is what a stage may not wait for.
        }
      }
    };
  }

  private static void fail() {
    throw new IllegalStateException("broken on purpose");
  }

  private static final String FALLBACKS =
      """
      context,     0, a user without history
      retrieval,   1, popular items
      ranking,     2, order of retrieval
      reranking,   3, first of the ranking
      impressions, 4, impressions may not be logged
      """;

  private void trouble(String stage, Runnable trouble) {
    if (stage.equals("impressions")) {
      parts.log.trouble = trouble;
    } else {
      parts.stages.trouble.put(stage, trouble);
    }
  }

  private void assertFellBack(Slate slate, String stage, String reason, String fallback) {
    assertEquals(List.of(new Degradation(stage, reason, fallback)), slate.degraded());
    assertEquals(10, slate.items().size());
    if (!stage.equals("context")) {
      Set<ItemId> again = items(slate);
      again.retainAll(had(USER));
      assertEquals(Set.of(), again, "what the user had stays away");
    }
  }

  @ParameterizedTest
  @CsvSource(textBlock = FALLBACKS)
  void recommend_stageFails_fallsBackAndSaysSo(String stage, int place, String fallback) {
    trouble(stage, RecommendationPipelineTest::fail);
    assertFellBack(parts.recommend(request("r").build()), stage, "error", fallback);
    assertEquals(stage.equals("impressions") ? 0 : 10, parts.impressions("r").size());
  }

  /** The stage is stuck until the test ends: an answer proves that nothing waits for it. */
  @ParameterizedTest
  @CsvSource(textBlock = FALLBACKS)
  void recommend_stageIsLate_fallsBackAndSaysSo(String stage, int place, String fallback) {
    trouble(stage, blocked());
    assertFellBack(
        parts.recommend(request("r").within(SHORT).build()), stage, "deadline", fallback);
  }

  @ParameterizedTest
  @CsvSource(textBlock = FALLBACKS)
  void recommend_poolRefusesStage_fallsBackAndSaysSo(String stage, int place, String fallback) {
    if (stage.equals("impressions")) {
      parts.waiting.refuse(_ -> true);
    } else {
      parts.compute.refuse(task -> task == place);
    }
    assertFellBack(parts.recommend(request("r").build()), stage, "overloaded", fallback);
  }

  @Test
  void recommend_everyStageFails_stillAnswersFromTheCatalogue() {
    for (String stage : List.of("context", "retrieval", "ranking", "reranking", "impressions")) {
      trouble(stage, RecommendationPipelineTest::fail);
    }
    Slate slate = parts.recommend(request("r").build());
    assertEquals(10, slate.items().size());
    assertEquals(
        List.of("context", "retrieval", "ranking", "reranking", "impressions"),
        slate.degraded().stream().map(Degradation::stage).toList());
  }

  @Test
  void recommend_everySourceIsRefused_namesThemAndAnswersWithPopularItems() {
    parts.sources.refuse(_ -> true);
    Slate slate = parts.recommend(request("r").build());
    assertEquals(10, slate.items().size());
    assertEquals(
        Stream.of("two_tower", "item_to_item", "ease", "ials", "trending", "popular", "fresh")
            .map(name -> new Degradation("retrieval", name + " refused", "other sources"))
            .toList(),
        slate.degraded());
  }

  @Test
  void recommend_oneSourceIsRefused_usesTheOthers() {
    parts.sources.refuse(task -> task == 0);
    Slate slate = parts.recommend(request("r").build());
    assertEquals(
        List.of(new Degradation("retrieval", "two_tower refused", "other sources")),
        slate.degraded());
    assertEquals(10, slate.items().size());
  }

  @Test
  void recommend_logsEveryImpressionAsItWasServed() {
    long before = parts.log.endOffset();
    Slate slate = parts.recommend(request("r").build());
    List<Event> logged = parts.impressions("r");
    assertEquals(10, logged.size());
    for (int i = 0; i < logged.size(); i++) {
      SlateItem item = slate.items().get(i);
      Event event = logged.get(i);
      Impression impression = Objects.requireNonNull(event.impression());
      assertEquals(item.item(), event.item());
      assertEquals(USER, event.user());
      assertEquals(Clips.NOW_MS, event.timeMs());
      assertEquals("r", impression.requestId());
      assertEquals(item.position(), impression.position());
      assertEquals(item.propensity(), impression.propensity());
      assertTrue(0 < item.propensity() && item.propensity() < 1, "exploration makes it uncertain");
      assertEquals(release.version(), impression.provenance().release());
      assertEquals("default", impression.provenance().arm());
      assertEquals(item.source(), impression.provenance().source());
      assertEquals(item.score(), impression.provenance().score());
      assertEquals(before, impression.asOfOffset());
      assertEquals(parts.store.schema().hash(), impression.schemaHash());
      assertEquals(5, impression.features().length);
    }
  }

  @Test
  void recommend_loggedFeatures_areWhatReplayComputes() {
    for (int i = 0; i < 50; i++) {
      UserId user = new UserId("u" + i % 21);
      Slate slate = parts.recommend(request("r" + i).of(user).build());
      parts.append(
          List.of(
              Clips.click(
                  "click" + i,
                  user.value(),
                  slate.items().get(i % 10).item().value(),
                  Clips.NOW_MS)));
    }
    AuditReport report =
        FeatureAudit.run(
            parts.log,
            FeatureAudit.Definitions.only(Clips.APPLICATION.definition()),
            FeatureAudit.Options.DEFAULT);
    assertEquals(510, report.impressions(), "all of them, with the first request's");
    assertEquals(510 * 5, report.values());
    assertEquals(0, report.skippedImpressions());
    assertEquals(List.of(), report.examples());
  }

  @Test
  void recommend_newEvent_changesTheSameUsersNextSlate() {
    ItemId first = parts.recommend(request("r1").build()).items().getFirst().item();
    parts.append(List.of(Clips.click("now", "u1", first.value(), Clips.NOW_MS)));
    assertFalse(items(parts.recommend(request("r2").build())).contains(first));
  }

  @Test
  void recommend_userHasSeenEverything_showsItAgainAndSaysSo() {
    List<LogRecord> clicks = new ArrayList<>();
    for (int item = 0; item < Clips.ITEMS; item++) {
      clicks.add(Clips.click("all" + item, "glutton", "i" + item, Clips.NOW_MS - 1));
    }
    parts.append(clicks);
    Slate slate = parts.recommend(request("r").of(new UserId("glutton")).build());
    assertEquals(10, slate.items().size());
    assertEquals(
        List.of(new Degradation("retrieval", "nothing new is left", "items the user has had")),
        slate.degraded());
  }

  @Test
  void recommend_unknownUser_isNoDegradation() {
    Slate slate = parts.recommend(request("r").of(new UserId("nobody")).build());
    assertEquals(10, slate.items().size());
    assertEquals(List.of(), slate.degraded());
  }

  @Test
  void recommend_filterThatNothingMatches_isEmptyAndHealthy() {
    Slate slate = parts.recommend(request("r").only(Map.of("category", "none")).build());
    assertEquals(List.of(), slate.items());
    assertEquals(List.of(), slate.degraded());
    assertEquals(List.of(), parts.impressions("r"));
  }

  @Test
  void recommend_filterOnAnUnknownAttribute_isRefused() {
    RecommendationRequest request = request("r").only(Map.of("colour", "red")).build();
    WinnowException refused =
        assertThrows(WinnowException.class, () -> parts.pipeline.recommend(request));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
  }

  @Test
  void recommend_filterAndExclusions_holdInFallbacksToo() {
    Set<ItemId> excluded = Set.of(new ItemId("i0"), new ItemId("i3"), new ItemId("unheard of"));
    parts.stages.trouble.put("retrieval", RecommendationPipelineTest::fail);
    Slate slate =
        parts.recommend(request("r").only(Map.of("category", "c0")).without(excluded).build());
    assertFalse(slate.items().isEmpty());
    for (ItemId item : items(slate)) {
      assertEquals(0, Integer.parseInt(item.value().substring(1)) % 3, item.value());
      assertFalse(excluded.contains(item));
    }
  }

  @Test
  void recommend_rulesThatLeaveNothing_giveWayAndTheAnswerSaysSo() {
    ApplicationFile shop =
        ApplicationFile.parse(
            """
            application: shop
            events: [click]
            repeats: true
            retrieval: { popular: 5 }
            reranking: { exclude: [click over 1d] }
            """,
            "shop.yaml",
            Map.of());
    try (Parts shopParts = new Parts(shop, Release.untrained(shop), folder)) {
      for (int item = 0; item < 3; item++) {
        shopParts.append(
            List.of(Clips.click("c" + item, "u1", "i" + item, Clips.NOW_MS - 3_600_000)));
      }
      Slate slate = shopParts.recommend(request("r").build());
      assertEquals(
          List.of(
              new Degradation("release", "none is trained and whole", "popular and new items"),
              new Degradation("retrieval", "nothing new is left", "items the user has had"),
              new Degradation("reranking", "the rules leave nothing", "first of the ranking")),
          slate.degraded());
      assertEquals(3, slate.items().size());
      assertEquals(3, shopParts.impressions("r").size());
    }
  }

  @Test
  void recommend_emptyCatalogue_isEmpty() {
    try (Parts empty = new Parts(Clips.APPLICATION, release, folder)) {
      assertEquals(List.of(), empty.recommend(request("r").build()).items());
    }
  }

  @Test
  void install_duringARequest_servesItWithOneRelease() {
    ServingRelease next =
        new ServingRelease(Release.untrained(Clips.APPLICATION), parts.store, threads);
    parts.stages.trouble.put("ranking", () -> parts.pipeline.install(next));
    Slate slate = parts.recommend(request("r1").build());
    assertEquals(release.version(), slate.release());
    assertEquals(List.of(), slate.degraded());
    for (Event event : parts.impressions("r1")) {
      assertEquals(
          release.version(), Objects.requireNonNull(event.impression()).provenance().release());
    }
    assertEquals(Release.UNTRAINED, parts.pipeline.release());
    Slate after = parts.recommend(request("r2").build());
    assertEquals(Release.UNTRAINED, after.release());
    assertEquals(
        List.of(new Degradation("release", "none is trained and whole", "popular and new items")),
        after.degraded());
  }

  @Test
  void recommend_requestIdUsedBefore_saysThatImpressionsAreMissing() {
    parts.recommend(request("r").build());
    Slate other = parts.recommend(request("r").of(new UserId("u2")).build());
    assertEquals(
        List.of(new Degradation("impressions", "error", "impressions may not be logged")),
        other.degraded());
    assertEquals(10, parts.impressions("r").size());
  }

  @Test
  void similar_knownItem_isOthers_unknownIsNotFound() {
    Slate similar = parts.pipeline.similar(new ItemId("i4"), 5);
    assertEquals(5, similar.items().size());
    assertFalse(items(similar).contains(new ItemId("i4")));
    WinnowException refused =
        assertThrows(
            WinnowException.class, () -> parts.pipeline.similar(new ItemId("unheard of"), 5));
    assertEquals(ErrorCode.NOT_FOUND, refused.code());
    assertThrows(WinnowException.class, () -> parts.pipeline.similar(new ItemId("i4"), 0));
  }
}
