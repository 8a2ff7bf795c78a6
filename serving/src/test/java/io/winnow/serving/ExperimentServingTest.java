package io.winnow.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiments;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.RecordSource;
import io.winnow.experiments.assignment.ArmShares;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainingProgress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Experiments through the real pipeline, over a real release, store and log. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ExperimentServingTest {
  private static final Duration LONG = Duration.ofSeconds(10);

  private final Release release =
      new Trainer(
              Clips.APPLICATION, Clips.training(), () -> Clips.NOW_MS, TrainingProgress.silent())
          .train(RecordSource.of(Clips.records()), Clips.records().size());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private RefusingPool waiting;
  private OnlineStore store;
  private TroubledLog log;
  private TroubledStages stages;
  private RecommendationPipeline pipeline;

  @BeforeEach
  void open(@TempDir Path folder) {
    waiting = new RefusingPool(threads);
    store = OnlineStores.inMemory(Clips.APPLICATION.definition());
    log =
        new TroubledLog(
            EventLogs.open(
                EventLogConfig.in(folder),
                Clips.APPLICATION.definition().schema(),
                () -> Clips.NOW_MS,
                List.of(store)));
    stages = new TroubledStages(new ServingRelease(release, store, threads));
    pipeline = new RecommendationPipeline(stages, log, () -> Clips.NOW_MS, threads, waiting);
    log.append(Clips.records());
    assertEquals(List.of(), recommend("warm up", "u1").degraded());
  }

  @AfterEach
  void close() {
    log.close();
    store.close();
  }

  @AfterAll
  void shutdown() {
    threads.shutdownNow();
  }

  private static Experiments experiments(String yaml) {
    return ApplicationFile.parse(
            """
            application: clips
            items: { attributes: { category: string } }
            users: { attributes: { country: string } }
            events: [click]
            """
                + yaml.stripIndent(),
            "winnow.yaml",
            Map.of())
        .definition()
        .operations()
        .experiments();
  }

  private ServedExperiments served(String yaml) {
    RequestStages untrained =
        new ServingRelease(Release.untrained(Clips.APPLICATION), store, threads);
    return ServedExperiments.of(
        experiments(yaml),
        stages,
        Map.of(Release.UNTRAINED, untrained),
        Map.of("lost", "a file of it is damaged"),
        ArmShares.OF_THE_FILE);
  }

  private void serve(String yaml) {
    ServedExperiments next = served(yaml);
    assertTrue(next.status().stream().allMatch(ExperimentStatus::served), next.status().toString());
    pipeline.install(next);
  }

  private static RecommendationRequest request(String id, String user) {
    return new RecommendationRequest(
        id, new UserId(user), 10, "home", Map.of("device", "tv"), Set.of(), Map.of(), LONG);
  }

  private Slate recommend(String id, String user) {
    return pipeline.recommend(request(id, user));
  }

  /** What the log holds of a request, in order. */
  private record Logged(List<Exposure> exposures, List<Impression> impressions) {}

  private Logged logged(String requestId) {
    Logged logged = new Logged(new ArrayList<>(), new ArrayList<>());
    log.replay((_, record) -> {
      if (record instanceof LogRecord.Happened(Event event)
          && event.impression() != null
          && event.impression().requestId().equals(requestId)) {
        logged.impressions.add(event.impression());
      }
      if (record instanceof LogRecord.Exposed(Exposure exposure, long timeMs)
          && exposure.requestId().equals(requestId)) {
        assertEquals(List.of(), logged.impressions, "exposures stand before impressions");
        assertEquals(Clips.NOW_MS, timeMs);
        logged.exposures.add(exposure);
      }
    });
    return logged;
  }

  private static List<ItemId> items(Slate slate) {
    return slate.items().stream().map(SlateItem::item).toList();
  }

  private static Set<String> arms(Logged logged) {
    return logged.impressions.stream()
        .map(impression -> impression.provenance().arm())
        .collect(Collectors.toSet());
  }

  private static final String UPSIDE_DOWN =
      """
      experiments:
        order:
          segments: [context.device, surface]
          arms:
            control: { reranking: { explore: 0 } }
            treatment: { objectives: { click: -1 }, reranking: { explore: 0 } }
      """;

  @Test
  void recommend_split_servesEachArmItsWayAndLogsIt() {
    serve(UPSIDE_DOWN);
    RequestStages greedy =
        stages.with(experiments(UPSIDE_DOWN).list().getFirst().control().settings());
    Map<String, Integer> met = new HashMap<>();
    for (int user = 0; user < 20; user++) {
      List<ItemId> usual = withoutExperiments(greedy, "u" + user);
      Slate slate = recommend("r" + user, "u" + user);
      Logged logged = logged("r" + user);
      Exposure exposure = logged.exposures.getFirst();
      assertEquals(1, logged.exposures.size());
      assertEquals("order", exposure.experiment());
      assertEquals("u" + user, exposure.unit());
      assertEquals(0.5, exposure.probability());
      assertEquals(Map.of("context.device", "tv", "surface", "home"), exposure.context());
      assertEquals("order=" + exposure.arm(), slate.arm());
      assertEquals(Set.of(slate.arm()), arms(logged));
      assertEquals(10, logged.impressions.size());
      met.merge(exposure.arm(), 1, Integer::sum);
      if (exposure.arm().equals("control")) {
        assertEquals(usual, items(slate));
      } else {
        assertNotEquals(usual, items(slate));
        assertTrue(slate.items().getFirst().score() < 0, "the weight is negative");
      }
    }
    assertEquals(Set.of("control", "treatment"), met.keySet());
  }

  /** What the stages give by themselves, with nothing logged. */
  private static List<ItemId> withoutExperiments(RequestStages release, String user) {
    RequestStages.Moment moment =
        release.moment(new UserId(user), Map.of("device", "tv"), _ -> true, Clips.NOW_MS);
    RequestStages.Ranked ranked = release.rank(moment, release.retrieve(moment, LONG));
    return release.rerank(moment, ranked, 10, 0).placed().stream()
        .map(placed -> release.item(placed.item()))
        .toList();
  }

  @Test
  void recommend_overlappingExperiments_combineAndTheLaterHolds() {
    serve(
        """
        experiments:
          first: { arms: { a: { reranking: { explore: 0.5 } }, b: { reranking: { explore: 0.5 } } } }
          second: { arms: { a: { reranking: { explore: 0 } }, b: { reranking: { explore: 0 }, retrieval: { popular: 0 } } } }
        """);
    Slate slate = recommend("r", "u1");
    assertTrue(slate.arm().matches("first=[ab];second=[ab]"), slate.arm());
    assertEquals(2, logged("r").exposures.size());
    slate.items().forEach(item -> assertEquals(1, item.propensity(), "nothing is explored"));
  }

  @Test
  void recommend_sourceOfQuotaZero_proposesNothingAndIsStillScored() {
    serve(
        """
        experiments:
          sources:
            arms:
              a: { retrieval: { two_tower: 0, item_to_item: 0, ease: 0, ials: 0, trending: 0, popular: 0 }, reranking: { explore: 0 } }
              b: { retrieval: { fresh: 0, popular: 0, trending: 0, ease: 0, ials: 0, item_to_item: 0 }, reranking: { explore: 0 } }
        """);
    Map<String, Set<String>> sources = new HashMap<>();
    for (int user = 0; user < 10; user++) {
      Slate slate = recommend("r" + user, "u" + user);
      assertEquals(List.of(), slate.degraded(), "the ranker finds its columns");
      slate
          .items()
          .forEach(item ->
              sources.computeIfAbsent(slate.arm(), _ -> new HashSet<>()).add(item.source()));
    }
    // Popular fills up where a small catalogue gives less than there should be.
    assertTrue(
        Set.of("fresh", "popular").containsAll(sources.get("sources=a")), sources.toString());
    assertTrue(
        Set.of("two_tower", "popular").containsAll(sources.get("sources=b")), sources.toString());
  }

  @Test
  void recommend_equalArms_countAndAnswerTheSame() {
    Slate before = recommend("r0", "u3");
    serve("experiments: { aa: { arms: { a: {}, b: {} } } }");
    assertEquals(stages.version(), recommend("r1", "u3").release());
    assertEquals(1, logged("r1").exposures.size());
    assertEquals(before.degraded(), List.of());
  }

  @Test
  void recommend_armOfAnotherRelease_isServedByItAlone() {
    serve(
        """
        experiments:
          which: { arms: { new: {}, old: { release: untrained } } }
        """);
    Set<String> releases = new HashSet<>();
    for (int user = 0; user < 20; user++) {
      Slate slate = recommend("r" + user, "u" + user);
      String expected = slate.arm().equals("which=old") ? Release.UNTRAINED : release.version();
      assertEquals(expected, slate.release());
      for (Impression impression : logged("r" + user).impressions) {
        assertEquals(expected, impression.provenance().release());
      }
      releases.add(slate.release());
    }
    assertEquals(2, releases.size());
  }

  @Test
  void recommend_experimentThatCannotBeServed_isDefaultAndTheOthersGoOn() {
    ServedExperiments next =
        served(
            """
            experiments:
              lost: { arms: { a: {}, b: { release: lost } } }
              gone: { layer: lost, share: [0, 0.1], arms: { a: {}, b: { release: gone } } }
              source: { arms: { a: {}, b: { retrieval: { history: 10 } } } }
              whole: { arms: { a: {}, b: {} } }
            testers: { u1: { source: b } }
            """
                .replace("lost: { arms", "lost: { share: [0.1, 1], arms"));
    Map<String, ExperimentStatus> status =
        next.status().stream().collect(Collectors.toMap(ExperimentStatus::name, s -> s));
    assertEquals("arm b: release lost: a file of it is damaged", status.get("lost").reason());
    assertEquals("arm b: release gone: it is not loaded", status.get("gone").reason());
    assertTrue(
        status.get("source").reason().contains("retrieval.history: 10 (expected: a source of"),
        status.get("source").reason());
    assertTrue(status.get("whole").served());
    pipeline.install(next);
    Slate slate = recommend("r", "u1");
    assertTrue(slate.arm().matches("whole=[ab]"), slate.arm());
    assertEquals(
        List.of("whole"), logged("r").exposures.stream().map(Exposure::experiment).toList());
  }

  @Test
  void of_settingsThatAnotherExperimentsReleaseCannotFollow_areNotServed() {
    ServedExperiments next =
        served(
            """
            experiments:
              which: { arms: { a: {}, b: { release: untrained } } }
              weights: { arms: { a: {}, b: { objectives: { click: 2 } } } }
            """);
    assertTrue(next.status().getFirst().served());
    assertFalse(next.status().getLast().served());
    assertTrue(
        next.status().getLast().reason().contains("which experiment which serves"),
        next.status().getLast().reason());
  }

  @Test
  void recommend_heldOutUsers_getTheDefaultAndAreExposed() {
    serve("holdout: 0.5\nexperiments: { aa: { arms: { a: {}, b: {} } } }");
    Set<String> sides = new HashSet<>();
    for (int user = 0; user < 20; user++) {
      Slate slate = recommend("r" + user, "u" + user);
      Map<String, String> arms =
          logged("r" + user).exposures.stream()
              .collect(Collectors.toMap(Exposure::experiment, Exposure::arm));
      String side = arms.get(Experiments.HOLDOUT);
      sides.add(side);
      assertEquals(side.equals("held_out"), slate.arm().equals("default"));
      assertEquals(side.equals("held_out") ? 1 : 2, arms.size());
    }
    assertEquals(Set.of("held_out", "open"), sides);
  }

  @Test
  void recommend_tester_seesTheArmAndIsNotCounted() {
    serve(UPSIDE_DOWN + "testers: { u1: { order: treatment } }\n");
    Slate slate = recommend("r", "u1");
    assertEquals("order~treatment", slate.arm());
    assertTrue(slate.items().getFirst().score() < 0);
    Logged logged = logged("r");
    assertEquals(List.of(), logged.exposures);
    assertEquals(Set.of("order~treatment"), arms(logged));
  }

  private static final String INTERLEAVED =
      """
      experiments:
        draft:
          design: interleaving
          arms: { control: {}, treatment: { objectives: { click: -1 } } }
      """;

  @Test
  void recommend_interleaved_draftsBothSlatesAndNamesTheTeams() {
    serve(INTERLEAVED);
    Map<String, Integer> places = new HashMap<>();
    for (int user = 0; user < 20; user++) {
      Slate slate = recommend("r" + user, "u" + user);
      assertEquals("draft=interleaved", slate.arm());
      assertEquals(List.of(), slate.degraded());
      assertEquals(release.version(), slate.release());
      assertEquals(10, new HashSet<>(items(slate)).size());
      Logged logged = logged("r" + user);
      assertEquals(Exposure.INTERLEAVED, logged.exposures.getFirst().arm());
      assertEquals(1, logged.exposures.getFirst().probability());
      for (int i = 0; i < 10; i++) {
        Impression impression = logged.impressions.get(i);
        assertEquals(i, impression.position());
        assertTrue(impression.propensity() >= 0.5 - 1e-9, "a coin, or no choice at all");
        places.merge(impression.provenance().arm(), 1, Integer::sum);
      }
    }
    assertTrue(
        Set.of("draft=control", "draft=treatment", "draft=shared").containsAll(places.keySet()));
    assertTrue(places.get("draft=control") > 50, places.toString());
    assertTrue(places.get("draft=treatment") > 50, places.toString());
  }

  @Test
  void recommend_interleavedArmNotInTime_isAnsweredByTheOtherAndNotCounted() {
    serve(INTERLEAVED);
    waiting.refuse(task -> task == 0);
    Slate slate = recommend("r", "u1");
    assertEquals(10, slate.items().size());
    assertEquals(
        List.of(new Degradation("interleaving", "overloaded", "the slate of draft=control")),
        slate.degraded());
    assertEquals("draft=shared", slate.arm());
    Logged logged = logged("r");
    assertEquals(List.of(), logged.exposures);
    assertEquals(Set.of("draft=shared"), arms(logged));
  }

  @Test
  void recommend_emptyAnswer_isExposed() {
    serve("experiments: { aa: { arms: { a: {}, b: {} } } }");
    RecommendationRequest nothing =
        new RecommendationRequest(
            "r",
            new UserId("u1"),
            10,
            "home",
            Map.of(),
            Set.of(),
            Map.of("category", "none"),
            LONG);
    assertEquals(List.of(), pipeline.recommend(nothing).items());
    assertEquals(1, logged("r").exposures.size());
  }

  @Test
  void recommend_logInTrouble_logsNeitherExposuresNorImpressions() {
    serve("experiments: { aa: { arms: { a: {}, b: {} } } }");
    log.trouble =
        () -> {
          throw new IllegalStateException("broken on purpose");
        };
    assertEquals(10, recommend("r", "u1").items().size());
    log.trouble = () -> {};
    assertEquals(new Logged(List.of(), List.of()), logged("r"));
  }

  @Test
  void recommend_userAttributes_decideAndAreNotMissedWhereTheyCannotBeRead() {
    serve(
        """
        experiments:
          austria: { when: { user.country: at }, arms: { a: {}, b: {} } }
          abroad: { unless: { user.country: de }, arms: { a: {}, b: {} } }
          all: { arms: { a: {}, b: {} } }
        """);
    assertEquals(2, exposed("r0"), "no country is none of Germany");
    log.append(
        List.of(
            new LogRecord.UserPut(
                new UserId("u1"), Map.of("country", new AttributeValue.Text("at")), Clips.NOW_MS)));
    assertEquals(3, exposed("r1"));
    stages.trouble.put(
        "assignment",
        () -> {
          throw new IllegalStateException("broken on purpose");
        });
    Slate slate = recommend("r2", "u1");
    assertTrue(slate.arm().matches("all=[ab]"), slate.arm());
    assertEquals(
        List.of(new Degradation("assignment", "error", "no experiment that looks at the user")),
        slate.degraded());
  }

  private int exposed(String id) {
    recommend(id, "u1");
    return logged(id).exposures.size();
  }

  @Test
  void recommend_experimentsThatTheRequestIsNotFor_costNoReadOfTheUser() {
    serve(
        """
        experiments:
          over: { when: { user.country: at }, until: 2026-01-01, arms: { a: {}, b: {} } }
          mail: { when: { user.country: at, surface: mail }, arms: { a: {}, b: {} } }
          all: { arms: { a: {}, b: {} } }
        """);
    AtomicInteger reads = new AtomicInteger();
    stages.trouble.put("assignment", reads::incrementAndGet);
    Slate slate = recommend("r0", "u1");
    assertTrue(slate.arm().matches("all=[ab]"), slate.arm());
    assertFalse(slate.stageNanos().containsKey("assignment"));
    assertEquals(0, reads.get());
    serve(
        "experiments: { home: { when: { user.country: at, surface: home }, arms: { a: {}, b: {} } } }");
    recommend("r1", "u1");
    assertEquals(1, reads.get());
  }

  /** The same question is asked of every arm, whatever its release knew. */
  @Test
  void recommend_filterThatAnArmsReleaseDoesNotKnow_isAnsweredInEveryArm() {
    ApplicationFile before =
        ApplicationFile.parse(
            """
            application: clips
            items: { attributes: { title: text } }
            events: [click]
            features: { item: { clicks_1d: count(click) over 1d } }
            retrieval: { popular: 20 }
            """,
            "before.yaml",
            Map.of());
    RequestStages older = new ServingRelease(Release.untrained(before), store, threads);
    assertThrows(WinnowException.class, () -> older.checkFilters(Map.of("category", "c1")));
    pipeline.install(
        ServedExperiments.of(
            experiments(
                "experiments: { which: { arms: { new: {}, old: { release: untrained } } } }"),
            stages,
            Map.of(Release.UNTRAINED, older),
            Map.of(),
            ArmShares.OF_THE_FILE));
    Set<String> releases = new HashSet<>();
    for (int user = 0; user < 20; user++) {
      Slate slate = pipeline.recommend(filtered("r" + user, "u" + user, "category"));
      assertFalse(slate.items().isEmpty());
      for (ItemId item : items(slate)) {
        assertEquals(1, Integer.parseInt(item.value().substring(1)) % 3, item.value());
      }
      assertEquals(1, logged("r" + user).exposures.size());
      releases.add(slate.release());
      WinnowException refused =
          assertThrows(
              WinnowException.class, () -> pipeline.recommend(filtered("x", "u1", "title")));
      assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    }
    assertEquals(Set.of(release.version(), Release.UNTRAINED), releases);
  }

  private static RecommendationRequest filtered(String id, String user, String attribute) {
    return new RecommendationRequest(
        id, new UserId(user), 10, "home", Map.of(), Set.of(), Map.of(attribute, "c1"), LONG);
  }

  @Test
  void recommend_deadlineHasPassed_isLoggedAllTheSame() throws Exception {
    ExecutorService disk = Executors.newSingleThreadExecutor();
    pipeline = new RecommendationPipeline(stages, log, () -> Clips.NOW_MS, threads, disk);
    serve("experiments: { aa: { arms: { a: {}, b: {} } } }");
    RecommendationRequest late =
        new RecommendationRequest(
            "r", new UserId("u1"), 10, "home", Map.of(), Set.of(), Map.of(), Duration.ofNanos(1));
    Slate slate = pipeline.recommend(late);
    assertEquals(10, slate.items().size());
    assertEquals(
        new Degradation("impressions", "deadline", "impressions may not be logged"),
        slate.degraded().getLast());
    disk.submit(() -> {}).get(); // Behind what was submitted before.
    Logged logged = logged("r");
    assertEquals(1, logged.exposures.size());
    assertEquals(10, logged.impressions.size());
    disk.shutdown();
  }

  @Test
  void recommend_segmentsThatTheLogDoesNotTake_areLeftOutOfTheExposure() {
    serve(
        """
        experiments:
          x: { segments: [surface, context.device, context.app], arms: { a: {}, b: {} } }
          s: { unit: session, arms: { a: {}, b: {} } }
        """);
    Map<String, String> context =
        Map.of("device", "é".repeat(256), "app", "a\uD83D", "session", "s\uD83D");
    pipeline.recommend(
        new RecommendationRequest(
            "r", new UserId("u1"), 10, "home", context, Set.of(), Map.of(), LONG));
    Logged logged = logged("r");
    assertEquals(List.of("x"), logged.exposures.stream().map(Exposure::experiment).toList());
    assertEquals(Map.of("surface", "home"), logged.exposures.getFirst().context());
    assertEquals(10, logged.impressions.size());
  }

  @Test
  void of_armsThatTogetherAskForTooMuch_stopTheLaterExperimentForEverybody() {
    ServedExperiments next =
        served(
            """
            experiments:
              one: { layer: l, share: [0, 0.5], arms: { a: {}, b: { retrieval: { two_tower: 2000, ease: 2000, ials: 2000 } } } }
              two: { arms: { a: {}, b: { retrieval: { item_to_item: 2000, popular: 2000, fresh: 2000 } } } }
              three: { layer: l, share: [0.5, 1], arms: { a: {}, b: { retrieval: { two_tower: 2000, ease: 2000, ials: 2000 } } } }
              four: { arms: { a: {}, b: { retrieval: { popular: 2000 } } } }
            """);
    assertEquals(
        List.of(true, false, true, true),
        next.status().stream().map(ExperimentStatus::served).toList(),
        next.status().toString());
    String reason = next.status().get(1).reason();
    assertTrue(reason.startsWith("one=b with two=b: release "), reason);
    assertTrue(reason.contains("12020 candidates (expected: at most 10000)"), reason);
    pipeline.install(next);
    for (int user = 0; user < 20; user++) {
      recommend("r" + user, "u" + user);
      assertEquals(2, logged("r" + user).exposures.size());
    }
  }

  @Test
  void of_moreCombinationsThanAreChecked_stopsTheLaterExperiment() {
    StringBuilder yaml = new StringBuilder("experiments:\n");
    for (int i = 0; i < 14; i++) {
      yaml.append(
          "  e%d: { arms: { a: {}, b: { retrieval: { popular: %d } } } }\n".formatted(i, i));
    }
    List<ExperimentStatus> status = served(yaml.toString()).status();
    assertTrue(status.subList(0, 13).stream().allMatch(ExperimentStatus::served));
    assertEquals(
        "it makes more than 10000 combinations of arms that change retrieval",
        status.getLast().reason());
  }

  @Test
  void route_moreCombinationsOfArmsThanAreKept_areServedAllTheSame() {
    StringBuilder arms = new StringBuilder("a0: { release: untrained }");
    for (int i = 1; i < 11; i++) {
      arms.append(", a").append(i).append(": {}");
    }
    ServedExperiments next =
        served(
            "experiments: { which: { arms: { %s } }, x: { arms: { %s } }, y: { arms: { %s } } }"
                .formatted(
                    arms,
                    arms.toString().replace("{ release: untrained }", "{}"),
                    arms.toString().replace("{ release: untrained }", "{}")));
    Set<String> labels = new HashSet<>();
    for (int user = 0; user < 8_000; user++) {
      Route route =
          next.route(
              request("r", "u" + user),
              Clips.NOW_MS,
              new StageRunner(threads, System.nanoTime(), LONG.toNanos()));
      labels.add(route.arm());
      assertEquals(
          route.arm().contains("which=a0;") ? Release.UNTRAINED : release.version(),
          route.lanes().getFirst().stages().version());
    }
    assertTrue(labels.size() > 1_300, labels.size() + " of 1331");
    assertEquals(ServedExperiments.VARIANTS_MAX, next.variants());
  }

  @Test
  void recommend_interleavedWithAnExperimentOfExploration_doesNotCountTheLatter() {
    String exploring =
        """
          explore: { arms: { a: { reranking: { explore: 0 } }, b: { reranking: { explore: 0.3 } } } }
          aa: { arms: { a: {}, b: {} } }
        """;
    serve(INTERLEAVED + exploring);
    recommend("r0", "u1");
    assertEquals(
        List.of("draft", "aa"), logged("r0").exposures.stream().map(Exposure::experiment).toList());
    serve("experiments:\n" + exploring);
    recommend("r1", "u1");
    assertEquals(
        List.of("explore", "aa"),
        logged("r1").exposures.stream().map(Exposure::experiment).toList());
  }

  @Test
  void recommend_firstLaneThrows_endsTheOthers() throws Exception {
    serve(INTERLEAVED);
    Thread caller = Thread.currentThread();
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    stages.trouble.put(
        "explain",
        () -> {
          try {
            if (Thread.currentThread().equals(caller)) {
              entered.await();
              throw new IllegalStateException("broken on purpose");
            }
            entered.countDown();
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
        });
    assertThrows(IllegalStateException.class, () -> recommend("r", "u1"));
    assertTrue(interrupted.await(1, TimeUnit.MINUTES));
  }

  @Test
  void recommend_logSaysThatItTakesNothing_isServedAndNotLogged() {
    serve(UPSIDE_DOWN);
    log.said = Optional.of("the disk is full");
    Slate slate = recommend("r", "u1");
    assertTrue(slate.arm().matches("order=(control|treatment)"), slate.arm());
    assertEquals(10, slate.items().size());
    assertEquals(
        List.of(new Degradation("impressions", "the disk is full", "impressions are not logged")),
        slate.degraded());
    log.said = Optional.empty();
    assertEquals(new Logged(List.of(), List.of()), logged("r"));
  }

  @Test
  void install_underLoad_mixesNothing() throws Exception {
    ServedExperiments one =
        served("experiments: { one: { arms: { a: {}, b: { release: untrained } } } }");
    ServedExperiments two = served(INTERLEAVED);
    AtomicBoolean stop = new AtomicBoolean();
    Future<?> changes =
        threads.submit(() -> {
          for (int i = 0; !stop.get(); i++) {
            pipeline.install(i % 2 == 0 ? one : two);
            Thread.onSpinWait();
          }
        });
    List<Future<Slate>> slates = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      String id = "r" + i;
      String user = "u" + i % 20;
      slates.add(threads.submit(() -> recommend(id, user)));
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < slates.size(); i++) {
      Slate slate = slates.get(i).get();
      Logged logged = logged("r" + i);
      Set<String> releases =
          logged.impressions.stream()
              .map(impression -> impression.provenance().release())
              .collect(Collectors.toSet());
      assertEquals(Set.of(slate.release()), releases);
      String experiment = slate.arm().substring(0, slate.arm().indexOf('='));
      seen.add(experiment);
      for (String arm : arms(logged)) {
        assertTrue(arm.startsWith(experiment + "="), arm);
      }
      for (Exposure exposure : logged.exposures) {
        assertEquals(slate.arm(), exposure.experiment() + "=" + exposure.arm());
      }
    }
    stop.set(true);
    changes.get();
    assertFalse(seen.isEmpty());
  }

  @Test
  void recommend_equalArmsOfManyUsers_haveTheRatioThatWasAskedFor() throws Exception {
    serve("experiments: { aa: { traffic: 0.8, arms: { a: { weight: 1 }, b: { weight: 3 } } } }");
    int users = 2_000;
    List<Future<Slate>> slates = new ArrayList<>();
    try (ExecutorService load = Executors.newFixedThreadPool(8)) {
      for (int user = 0; user < users; user++) {
        String name = "visitor" + user;
        slates.add(load.submit(() -> recommend(name, name)));
      }
      for (Future<Slate> slate : slates) {
        assertEquals(Optional.empty(), slate.get().degraded().stream().findAny());
      }
    }
    Map<String, Set<String>> units = new HashMap<>();
    log.replay((_, record) -> {
      if (record instanceof LogRecord.Exposed(Exposure exposure, long _)) {
        units.computeIfAbsent(exposure.arm(), _ -> new HashSet<>()).add(exposure.unit());
      }
    });
    double a = Objects.requireNonNull(units.get("a")).size();
    double b = Objects.requireNonNull(units.get("b")).size();
    double chiSquare =
        Math.pow(a - (a + b) / 4, 2) / ((a + b) / 4)
            + Math.pow(b - (a + b) * 3 / 4, 2) / ((a + b) * 3 / 4);
    assertTrue(ChiSquaredDistribution.of(1).survivalProbability(chiSquare) > 0.001, a + ":" + b);
    assertEquals(0.8 * users, a + b, 5 * Math.sqrt(users * 0.8 * 0.2));
  }

  @Test
  void expose_whatTheRequestWouldBeIn_isWhatThePipelineServes() {
    serve(UPSIDE_DOWN);
    ExperimentAssignments assignments = pipeline.assignments();
    for (int user = 0; user < 20; user++) {
      Slate slate = recommend("r" + user, "u" + user);
      String arm = slate.arm().substring("order=".length());
      assertTrue(
          assignments.expose("x" + user, new UserId("u" + user), "home", Map.of(), "order", arm));
      assertEquals(
          logged("r" + user).exposures.getFirst().arm(),
          logged("x" + user).exposures.getFirst().arm());
    }
  }
}
