package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Experiment.Settings;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.HeldFeatures;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.RequestStages.Moment;
import io.winnow.lifecycle.RequestStages.Ranked;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.Ranker;
import io.winnow.ranking.reranking.Slate;
import io.winnow.ranking.reranking.Slate.Placed;
import io.winnow.retrieval.CandidateSet;
import io.winnow.retrieval.CandidateSource.Candidates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ServingReleaseTest {
  private static final UserId USER = new UserId("u1");
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final long NOW_MS = TinyWorld.BEGIN_MS + 1000 * TinyWorld.STEP_MS;

  private final List<LogRecord> records = TinyWorld.records(900);
  private final Release release =
      new Trainer(
              TestApplications.clips(),
              TinyWorld.config(1),
              TimeSource.system(),
              TrainingProgress.silent())
          .train(RecordSource.of(records), records.size());
  private OnlineStore store;
  private ServingRelease serving;

  @BeforeAll
  void hasARanker() {
    assertNotNull(release.ranker());
  }

  @BeforeEach
  void bind() {
    store = OnlineStores.inMemory(TestApplications.clips().definition());
    TinyWorld.append(store, records);
    serving = new ServingRelease(release, store, new CallerRunsExecutor());
  }

  @AfterEach
  void close() {
    store.close();
  }

  private Moment moment() {
    return serving.moment(USER, Map.of(), _ -> true, NOW_MS);
  }

  private static Set<Integer> set(int[] items) {
    return IntStream.of(items).boxed().collect(Collectors.toSet());
  }

  @Test
  void retrieve_leavesOutWhatTheUserHadAndWhatIsGone() {
    Moment moment = moment();
    Set<Integer> had = set(moment.history().items());
    assertTrue(had.size() > 5);
    int gone = serving.retrieve(moment, LONG).items()[0];
    TinyWorld.append(store, List.of(new LogRecord.ItemRemoved(serving.item(gone), NOW_MS)));
    Set<Integer> candidates = set(serving.retrieve(moment(), LONG).items());
    assertEquals(66 - had.size() - 1, candidates.size(), "all that is left of a small catalogue");
    assertFalse(candidates.contains(gone));
    assertTrue(candidates.stream().noneMatch(had::contains));
  }

  @Test
  void moment_newEvent_changesFilterAndVector() {
    Moment before = moment();
    int chosen = serving.retrieve(before, LONG).items()[0];
    TinyWorld.append(
        store,
        List.of(
            new LogRecord.Happened(
                new Event("new", "click", USER, serving.item(chosen), NOW_MS, Double.NaN))));
    Moment after = moment();
    assertTrue(before.filter().allows(chosen));
    assertFalse(after.filter().allows(chosen));
    assertFalse(Arrays.equals(before.userVector(), after.userVector()));
  }

  private static Settings settings(Map<String, Integer> quotas, Map<String, Double> objectives) {
    return new Settings(null, quotas, objectives, Settings.NONE.reranking());
  }

  @Test
  void with_negatedWeights_ranksTheSameCandidatesUpsideDown() {
    Ranker ranker = Objects.requireNonNull(release.ranker());
    Map<String, Double> negated = new HashMap<>();
    for (int t = 0; t < ranker.spec().objectives().size(); t++) {
      negated.put(ranker.spec().objectives().get(t), -(double) ranker.spec().weights().get(t));
    }
    ServingRelease other = serving.with(settings(Map.of(), negated));
    Moment moment = moment();
    CandidateSet candidates = serving.retrieve(moment, LONG);
    Ranked usual = serving.rank(moment, candidates);
    Ranked ranked = other.rank(moment, candidates);
    assertEquals(serving.version(), other.version());
    float[] expected = new float[candidates.size()];
    for (int i = 0; i < expected.length; i++) {
      expected[usual.order()[i]] = -usual.scores()[i];
    }
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[ranked.order()[i]], ranked.scores()[i]);
      assertTrue(i == 0 || ranked.scores()[i] <= ranked.scores()[i - 1]);
    }
  }

  @Test
  void with_whatTheReleaseDoesNotHave_isRefusedWithEveryProblem() {
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () ->
                serving.with(
                    new Settings(
                        "another",
                        Map.of("history", 5),
                        Map.of("purchase", 2.0),
                        Settings.NONE.reranking())));
    assertEquals(
        List.of("objectives.purchase", "release", "retrieval.history"),
        refused.problems().stream().map(Problem::field).sorted().toList());
  }

  @Test
  void rank_ordersByTheRankersScore() {
    Moment moment = moment();
    CandidateSet candidates = serving.retrieve(moment, LONG);
    Ranked ranked = serving.rank(moment, candidates);
    float[] inputs =
        serving.inputs(
            candidates, store.read(new FeatureQuery(USER, candidates.items(), Map.of(), NOW_MS)));
    Ranker ranker = Objects.requireNonNull(release.ranker());
    HistorySpec history = Objects.requireNonNull(ranker.spec().history());
    float[] scores =
        ranker.score(
            ranker.probabilities(
                inputs,
                candidates.size(),
                Objects.requireNonNull(moment.userVector()),
                serving
                    .retrieval()
                    .rankerItems(candidates.items(), serving.retrieval().embeddingSize()),
                serving
                    .history(history, moment)
                    .relations(history, serving.retrieval().facts().of(candidates.items()))));
    for (int i = 0; i < ranked.order().length; i++) {
      assertEquals(scores[ranked.order()[i]], ranked.scores()[i]);
      assertTrue(i == 0 || ranked.scores()[i - 1] >= ranked.scores()[i]);
    }
    assertEquals(candidates.size(), set(ranked.order()).size());
    assertEquals(store.appliedOffset(), ranked.asOfOffset());
  }

  @Test
  void unranked_keepsTheOrderOfRetrieval() {
    CandidateSet candidates = serving.retrieve(moment(), LONG);
    Ranked unranked = serving.unranked(candidates);
    assertArrayEquals(candidates.items(), unranked.items());
    assertEquals(0, unranked.storeFeatures(candidates.items()[0]).length);
    assertEquals(0, unranked.asOfOffset());
  }

  @Test
  void rankerItems_moreNumbersThanAnArrayHolds_areRefused() {
    int[] items = new int[1 << 16];
    assertThrows(ArithmeticException.class, () -> serving.retrieval().rankerItems(items, 1 << 16));
  }

  @Test
  void load_bundleOfAnEarlierWinnow_saysThatTrainingMakesItAnew(@TempDir Path folder)
      throws Exception {
    ReleaseStore releases = new ReleaseStore(folder);
    String version = release.publish(releases).version();
    Path bundle = releases.bundle(version);
    Files.copy(releases.file(version, "transitions.bin"), bundle.resolve("transitions.bin"));
    String before = sha256(bundle.resolve("transitions.bin"));
    asOfVersion1(bundle.resolve("transitions.bin"));
    Path manifest = bundle.resolve(ReleaseStore.MANIFEST);
    String text =
        Files.readString(manifest).replace(before, sha256(bundle.resolve("transitions.bin")));
    Files.writeString(manifest, text);
    WinnowException damaged =
        assertThrows(WinnowException.class, () -> Release.load(releases, version));
    assertEquals(ErrorCode.CORRUPT, damaged.code(), "this Winnow writes no such file");

    for (int format : new int[] {1, 2}) {
      Files.writeString(manifest, text.replace("\"format\" : 3", "\"format\" : " + format));
      WinnowException old =
          assertThrows(WinnowException.class, () -> Release.load(releases, version));
      assertEquals(ErrorCode.CONFLICT, old.code());
      String message = String.valueOf(old.getMessage());
      assertTrue(
          message.startsWith(
              "release %s: written by an earlier Winnow (%s, manifest of format %d)"
                  .formatted(version, Winnow.VERSION, format)),
          message);
      assertTrue(message.contains("'winnow train' makes a new release"), message);
      assertTrue(message.endsWith("transitions.bin: version: 1 (expected: 2)"), message);
    }
    Files.writeString(
        manifest,
        text.replace(
            "\"code_version\" : \"" + Winnow.VERSION + "\"", "\"code_version\" : \"0.0.9\""));
    WinnowException other =
        assertThrows(WinnowException.class, () -> Release.load(releases, version));
    assertEquals(ErrorCode.CONFLICT, other.code());
    assertTrue(
        String.valueOf(other.getMessage()).contains("another Winnow (0.0.9,"), other.getMessage());
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }

  /** The number behind the file's kind. */
  private static void asOfVersion1(Path transitions) throws IOException {
    byte[] bytes = Files.readAllBytes(transitions);
    int at = Integer.BYTES + Short.BYTES + "transitions".length() + 3;
    assertEquals(2, bytes[at]);
    bytes[at] = 1;
    Files.write(transitions, bytes);
  }

  @Test
  void filters_allowTheCategoryAndEveryUnknownAttributeIsNamed() {
    assertTrue(serving.attributeFilter(Map.of()).allows(0));
    int sport = serving.indexOf(new ItemId("i4"));
    assertTrue(serving.attributeFilter(Map.of("category", "c1")).allows(sport));
    assertFalse(serving.attributeFilter(Map.of("category", "c2")).allows(sport));
    serving.checkFilters(Map.of("category", "c2"));
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () -> serving.checkFilters(Map.of("categry", "c1", "colour", "red")));
    assertEquals(
        Set.of("filters.categry", "filters.colour"),
        refused.problems().stream().map(p -> p.field()).collect(Collectors.toSet()));
    assertFalse(serving.attributeFilter(Map.of("colour", "red")).allows(sport));
  }

  @Test
  void popular_isUnseen_anythingIsNot() {
    Moment moment = moment();
    Set<Integer> had = set(moment.history().items());
    assertTrue(set(serving.popular(moment).items()).stream().noneMatch(had::contains));
    assertEquals(66, serving.anything(moment).size(), "the whole catalogue");
  }

  @Test
  void strangerMoment_knowsNobody() {
    Moment stranger = serving.strangerMoment(USER, Map.of(), _ -> true, NOW_MS);
    assertNull(stranger.userVector());
    assertEquals(0, stranger.history().length());
    assertTrue(serving.retrieve(stranger, LONG).size() > 10);
  }

  @Test
  void explain_namesTheSourceThatRankedAnItemHighest() {
    Moment moment = moment();
    CandidateSet candidates = serving.retrieve(moment, LONG);
    Ranked ranked = serving.rank(moment, candidates);
    for (Placed placed : ranked.first(10)) {
      RequestStages.Reason reason = serving.explain(moment, ranked, placed);
      int row = BoundRetrieval.rowOf(candidates, placed.item());
      int rank = candidates.rank(row, candidates.sources().indexOf(reason.source()));
      for (int s = 0; s < candidates.sources().size(); s++) {
        int other = candidates.rank(row, s);
        assertTrue(other < 0 || rank <= other, reason.toString());
      }
      assertFalse(reason.text().isBlank());
    }
    Placed explored = new Placed(ranked.items()[0], 0, 1, 0.1, Slate.Reason.EXPLORATION);
    assertEquals("exploration", serving.explain(moment, ranked, explored).source());
  }

  @Test
  void similar_isNotTheItemItself() {
    int item = serving.indexOf(new ItemId("i3"));
    Candidates similar = serving.similar(item, 10, NOW_MS);
    assertEquals(10, similar.size());
    assertFalse(set(similar.items()).contains(item));
  }

  @Test
  void newItem_isRetrievedByItsAttributesWithoutTraining() {
    TinyWorld.append(
        store,
        List.of(
            new LogRecord.ItemPut(
                new ItemId("brand new"),
                Map.of("category", new AttributeValue.Text("c1")),
                true,
                NOW_MS - 1)));
    int item = serving.indexOf(new ItemId("brand new"));
    CandidateSet candidates = serving.retrieve(moment(), LONG);
    int row = BoundRetrieval.rowOf(candidates, item);
    assertTrue(row >= 0);
    assertTrue(candidates.proposers(row).containsAll(List.of("two_tower", "fresh")));
    assertArrayEquals(
        serving.retrieval().vector(item),
        Objects.requireNonNull(release.models().deep())
            .encoder()
            .coldVector(
                release
                    .models()
                    .tokenizer()
                    .tokens(Map.of("category", new AttributeValue.Text("c1")))));
  }

  @Test
  void rerank_withExclusions_candidatesAreFilteredInsideRetrieval() {
    ApplicationFile shop =
        ApplicationFile.parse(
            """
            application: shop
            events: [click, buy]
            repeats: true
            retrieval: { popular: 2 }
            reranking: { exclude: [buy over 1d] }
            """,
            "shop.yaml",
            Map.of());
    try (OnlineStore shopStore = OnlineStores.inMemory(shop.definition())) {
      for (int i = 0; i < 6; i++) {
        for (int user = 0; user < 10 - i; user++) {
          TinyWorld.append(
              shopStore,
              List.of(
                  new LogRecord.Happened(
                      new Event(
                          "e" + i + "-" + user,
                          "click",
                          new UserId("u" + user),
                          new ItemId("i" + i),
                          NOW_MS - 10,
                          Double.NaN))));
        }
      }
      for (int i = 0; i < 4; i++) {
        TinyWorld.append(
            shopStore,
            List.of(
                new LogRecord.Happened(
                    new Event("b" + i, "buy", USER, new ItemId("i" + i), NOW_MS - 5, Double.NaN))));
      }
      ServingRelease untrained =
          new ServingRelease(Release.untrained(shop), shopStore, new CallerRunsExecutor());
      assertFalse(untrained.trained());
      Moment moment = untrained.moment(USER, Map.of(), _ -> true, NOW_MS);
      assertArrayEquals(new int[] {4, 5}, untrained.retrieve(moment, LONG).items());
      assertEquals(6, untrained.anything(moment).size());
    }
  }

  @Test
  void bind_otherFeatures_areRefusedByName() {
    ApplicationFile other =
        ApplicationFile.parse(
            TestApplications.clips().text().replace("user: { clicks_1d", "user: { clicks_daily"),
            "other.yaml",
            Map.of());
    try (OnlineStore otherStore = OnlineStores.inMemory(other.definition())) {
      WinnowException refused =
          assertThrows(
              WinnowException.class,
              () -> new ServingRelease(release, otherStore, new CallerRunsExecutor()));
      assertEquals(ErrorCode.CONFLICT, refused.code());
      assertEquals(
          List.of("features.user.clicks_1d"),
          refused.problems().stream().map(Problem::field).toList());
      assertEquals("missing", refused.problems().getFirst().value());
    }
  }

  @Test
  void bind_storeWithMoreAndOtherVersions_readsWhatItWasMadeWith() {
    ApplicationFile changed =
        ApplicationFile.parse(
            TestApplications.clips()
                .text()
                .replace(
                    "user: { clicks_1d: count(click) over 1d",
                    "user: { clicks_1d: count(watch) over 1d"),
            "changed.yaml",
            Map.of());
    List<LogRecord> records = TinyWorld.records(300);
    try (OnlineStore own = OnlineStores.inMemory(TestApplications.clips().definition());
        OnlineStore both =
            OnlineStores.inMemory(
                HeldFeatures.of(changed.definition(), List.of(release.features())))) {
      TinyWorld.append(own, records);
      TinyWorld.append(both, records);
      long nowMs = records.getLast().timeMs();
      int compared = 0;
      for (int user = 0; user < 10; user++) {
        UserId id = new UserId("u" + user);
        ServingRelease expected = new ServingRelease(release, own, new CallerRunsExecutor());
        ServingRelease actual = new ServingRelease(release, both, new CallerRunsExecutor());
        assertEquals(own.schema().hash(), actual.schemaHash());
        Moment moment = actual.moment(id, Map.of(), _ -> true, nowMs);
        float[] values = actual.features(moment, new int[] {0, 1, 2}).values();
        assertArrayEquals(expected.features(moment, new int[] {0, 1, 2}).values(), values);
        compared += values.length;
      }
      assertEquals(10 * 3 * release.features().size(), compared);
      WinnowException refused =
          assertThrows(
              WinnowException.class,
              () ->
                  new ServingRelease(
                      release,
                      OnlineStores.inMemory(changed.definition()),
                      new CallerRunsExecutor()));
      assertEquals(1, refused.problems().size());
      Problem difference = refused.problems().getFirst();
      assertTrue(difference.value().contains("count(watch) over 1d"), difference.toString());
      assertTrue(difference.expectation().contains("count(click) over 1d"), difference.toString());
    }
  }
}
