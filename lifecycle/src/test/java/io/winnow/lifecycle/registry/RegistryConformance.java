package io.winnow.lifecycle.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.registry.Rollout.Stage;
import io.winnow.lifecycle.registry.ServingPlan.Canary;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every registry does, whatever its database. */
abstract class RegistryConformance {
  static final Cause CAUSE = new Cause("person:ann", "because", Map.of("loss", 0.25));
  private static final long START_MS = 1_000_000;

  private final AtomicLong nowMs = new AtomicLong(START_MS);
  private final List<Registry> opened = new ArrayList<>();
  private Registry registry;

  /** Opens the registry of an empty database; a second call within a test opens the same one. */
  abstract Registry open(TimeSource clock);

  @BeforeEach
  final void openRegistry() {
    registry = another();
  }

  @AfterEach
  final void closeRegistries() {
    opened.forEach(Registry::close);
  }

  private Registry another() {
    Registry another = open(nowMs::get);
    opened.add(another);
    return another;
  }

  @Test
  final void register_again_changesNothing() {
    registry.register(manifest("v1", 1));
    nowMs.addAndGet(5);
    registry.register(manifest("v1", 2));

    assertEquals(
        List.of(
            new RegisteredRelease(manifest("v1", 1), START_MS, Map.of(), Map.of("auc", 0.75), 0)),
        registry.releases());
    assertEquals(Optional.empty(), registry.release("v2"));
  }

  @Test
  final void releases_severalAtDifferentTimes_areOldestFirstWithTheirOwnTagsAndMetrics() {
    registry.register(manifest("v2", 1));
    nowMs.addAndGet(1);
    registry.register(manifest("v1", 1));
    registry.tag("v1", "team.why", "it's \"good\" – ü");
    registry.tag("v1", "gone", "x");
    registry.tag("v1", "gone", null);
    registry.measure("v2", Map.of("gate.ndcg@10", 0.5, "auc", 0.8));
    registry.measure("v2", Map.of("gate.ndcg@10", 0.125));

    List<RegisteredRelease> releases = registry.releases();

    assertEquals(List.of("v2", "v1"), releases.stream().map(r -> r.manifest().version()).toList());
    assertEquals(Map.of("gate.ndcg@10", 0.125, "auc", 0.8), releases.get(0).metrics());
    assertEquals(Map.of(), releases.get(0).tags());
    assertEquals(Map.of("team.why", "it's \"good\" – ü"), releases.get(1).tags());
    assertEquals(Optional.of(releases.get(1)), registry.release("v1"));
  }

  @Test
  final void tag_whatItMayNotBe_isRefusedWithFieldValueAndExpectation() {
    registry.register(manifest("v1", 1));

    assertFails(ErrorCode.NOT_FOUND, "v9", () -> registry.tag("v9", "a", "b"));
    assertFails(ErrorCode.INVALID_ARGUMENT, "tag: a b", () -> registry.tag("v1", "a b", "c"));
    assertFails(ErrorCode.INVALID_ARGUMENT, "control", () -> registry.tag("v1", "a", "line\nline"));
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "1001 characters",
        () -> registry.tag("v1", "a", "x".repeat(1001)));
    for (int i = 0; i < 100; i++) {
      registry.tag("v1", "tag" + i, "x".repeat(1000));
    }
    assertFails(ErrorCode.TOO_LARGE, "100", () -> registry.tag("v1", "more", "x"));
    registry.tag("v1", "tag7", "replaced");
    assertEquals("replaced", registry.release("v1").orElseThrow().tags().get("tag7"));
  }

  @Test
  final void measure_notAFiniteNumber_isRefusedAndNothingChanges() {
    registry.register(manifest("v1", 1));

    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "loss",
        () -> registry.measure("v1", Map.of("a", 1.0, "loss", Double.NaN)));

    assertEquals(Map.of("auc", 0.75), registry.release("v1").orElseThrow().metrics());
    assertFails(ErrorCode.NOT_FOUND, "v9", () -> registry.measure("v9", Map.of("a", 1.0)));
  }

  @Test
  final void plan_beforeAnyChange_isEmpty() {
    assertEquals(ServingPlan.EMPTY, registry.plan());
    assertEquals(List.of(), registry.ledger(0, Long.MAX_VALUE, 10));
    assertEquals(Optional.empty(), registry.servedAt(Long.MAX_VALUE));
  }

  @Test
  final void change_everyFieldOfAPlan_comesBackAsItWas() {
    register("v1", "v2", "v3", "v4");
    ServingPlan next = new ServingPlan(0, "v1", "v2", "v3", new Canary("salt", 0.25), "v4", 0.75);

    ServingPlan put = registry.change(next, "canary", CAUSE);

    ServingPlan expected =
        new ServingPlan(1, "v1", "v2", "v3", new Canary("salt", 0.25), "v4", 0.75);
    assertEquals(expected, put);
    assertEquals(expected, another().plan());
    assertEquals(
        List.of(new LedgerEntry(START_MS, "canary", expected, "", CAUSE)),
        registry.ledger(0, Long.MAX_VALUE, 10));
  }

  @Test
  final void change_ofAnOldPlan_isAConflictAndTheLedgerStays() {
    register("v1", "v2");
    ServingPlan read = registry.plan();
    registry.change(read.promote("v1"), "promote", CAUSE);

    assertFails(
        ErrorCode.CONFLICT,
        "revision 0 (expected: 1",
        () -> registry.change(read.promote("v2"), "promote", CAUSE));

    assertEquals("v1", registry.plan().champion());
    assertEquals(1, registry.ledger(0, Long.MAX_VALUE, 10).size());
  }

  @Test
  final void change_toAReleaseThatIsNotThere_isNotFound() {
    register("v1", "v2");
    registry.delete("v2");

    assertFails(
        ErrorCode.NOT_FOUND, "v9", () -> registry.change(plan().promote("v9"), "promote", CAUSE));
    assertFails(
        ErrorCode.NOT_FOUND, "v2", () -> registry.change(plan().promote("v2"), "promote", CAUSE));
    assertEquals(ServingPlan.EMPTY, plan());

    registry.restore("v2");
    assertEquals("v2", registry.change(plan().promote("v2"), "promote", CAUSE).champion());
  }

  @Test
  final void change_shareOutOfRange_isRefused() {
    register("v1");

    for (double share : new double[] {-0.1, 0.51, Double.NaN}) {
      assertFails(
          ErrorCode.INVALID_ARGUMENT,
          "canary share",
          () ->
              registry.change(plan().withCanary("v1", new Canary("salt", share)), "canary", CAUSE));
    }
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "shadow share",
        () -> registry.change(plan().withShadow("v1", 1.5), "shadow", CAUSE));
  }

  @Test
  final void change_withoutRelease_emptiesThePlan() {
    register("v1");
    registry.change(plan().promote("v1"), "promote", CAUSE);

    registry.change(new ServingPlan(1, null, null, null, Canary.NONE, null, 0), "withdraw", CAUSE);

    assertEquals(new ServingPlan(2, null, null, null, Canary.NONE, null, 0), plan());
  }

  @Test
  final void change_longReasonWithAnOddCharacter_isCutAndKept() {
    register("v1");
    Cause cause = Cause.of("job:x", "bad\0" + "x".repeat(20_000));

    registry.change(plan().promote("v1"), "promote", cause);

    String reason = registry.servedAt(START_MS).orElseThrow().cause().reason();
    assertEquals("bad\uFFFDx", reason.substring(0, 5));
    assertEquals(10_000, reason.length());
  }

  @Test
  final void servedAt_betweenChanges_isTheOneBefore() {
    register("v1", "v2");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    nowMs.addAndGet(10);
    registry.change(plan().promote("v2"), "promote", CAUSE);

    assertEquals(Optional.empty(), registry.servedAt(START_MS - 1));
    assertEquals("v1", champion(START_MS));
    assertEquals("v1", champion(START_MS + 9));
    assertEquals("v2", champion(START_MS + 10));
    assertEquals("v2", champion(Long.MAX_VALUE));
  }

  @Test
  final void ledger_clockGoesBack_staysInOrder() {
    register("v1", "v2");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    nowMs.addAndGet(-500_000);
    registry.change(plan().promote("v2"), "promote", CAUSE);

    assertEquals(Optional.empty(), registry.servedAt(START_MS - 1));
    assertEquals("v2", champion(START_MS));
    assertEquals(
        List.of(START_MS, START_MS),
        registry.ledger(0, Long.MAX_VALUE, 10).stream().map(LedgerEntry::atMs).toList());
  }

  @Test
  final void ledger_windowAndLimit_areKept() {
    register("v1", "v2");
    for (int i = 0; i < 6; i++) {
      registry.change(plan().promote(i % 2 == 0 ? "v1" : "v2"), "promote", CAUSE);
      nowMs.addAndGet(1);
    }

    assertEquals(List.of(4L, 3L), revisions(registry.ledger(START_MS + 2, START_MS + 4, 10)));
    assertEquals(List.of(6L, 5L), revisions(registry.ledger(0, Long.MAX_VALUE, 2)));
  }

  @Test
  final void servedBetween_window_holdsWhatWasInForceWhenItBegan() {
    register("v1", "v2", "v3", "v4");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    nowMs.addAndGet(10);
    registry.change(plan().promote("v2"), "promote", CAUSE);
    nowMs.addAndGet(10);
    registry.change(plan().withShadow("v3", 0.5), "shadow", CAUSE);
    nowMs.addAndGet(10);
    registry.change(plan().withoutTrials().promote("v4"), "promote", CAUSE);

    assertEquals(Set.of("v1"), registry.servedBetween(START_MS + 1, START_MS + 10));
    assertEquals(Set.of("v1", "v2"), registry.servedBetween(START_MS + 11, START_MS + 20));
    assertEquals(Set.of("v1", "v2", "v3"), registry.servedBetween(START_MS + 21, START_MS + 30));
    assertEquals(Set.of("v2", "v4"), registry.servedBetween(START_MS + 30, Long.MAX_VALUE));
    assertEquals(Set.of(), registry.servedBetween(0, START_MS));
  }

  @Test
  final void applicationChanged_again_entersOnceAndThePlanKeepsItsRevision() {
    register("v1");
    registry.change(plan().promote("v1"), "promote", CAUSE);

    registry.applicationChanged("abc", CAUSE);
    registry.applicationChanged("abc", CAUSE);
    registry.change(plan().promote("v1"), "promote", CAUSE);

    List<LedgerEntry> entries = registry.ledger(0, Long.MAX_VALUE, 10).reversed();
    assertEquals(
        List.of("promote", "application", "promote"),
        entries.stream().map(LedgerEntry::action).toList());
    assertEquals(
        List.of("", "abc", "abc"), entries.stream().map(LedgerEntry::application).toList());
    assertEquals(List.of(1L, 1L, 2L), revisions(entries));
  }

  @Test
  final void begin_whileOneIsOpen_isAConflict() {
    register("v1", "v2", "v3");
    registry.change(plan().promote("v1"), "promote", CAUSE);

    Rollout rollout = registry.begin("v2", 42, CAUSE);

    assertEquals("v2", rollout.candidate());
    assertEquals("v1", rollout.champion());
    assertEquals(Stage.GATE, rollout.stage());
    assertEquals(42, rollout.fromOffset());
    assertEquals(
        List.of(new Rollout.Decision(START_MS, Stage.GATE, Stage.GATE, CAUSE)),
        rollout.decisions());
    assertEquals(Optional.of(rollout), registry.openRollout());
    assertFails(ErrorCode.CONFLICT, rollout.id(), () -> registry.begin("v3", 0, CAUSE));
    assertFails(ErrorCode.CONFLICT, rollout.id(), () -> registry.begin("v2", 0, CAUSE));
  }

  @Test
  final void begin_ofWhatCannotBeOnTrial_isRefused() {
    register("v1", "v2");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    registry.delete("v2");

    assertFails(ErrorCode.CONFLICT, "champion", () -> registry.begin("v1", 0, CAUSE));
    assertFails(ErrorCode.NOT_FOUND, "v2", () -> registry.begin("v2", 0, CAUSE));
    assertFails(ErrorCode.NOT_FOUND, "v9", () -> registry.begin("v9", 0, CAUSE));
    assertEquals(Optional.empty(), registry.openRollout());
  }

  @Test
  final void advance_upTheLadder_keepsPlanLedgerAndDecisionsTogether() {
    register("v1", "v2");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    Rollout gate = registry.begin("v2", 1, CAUSE);
    nowMs.addAndGet(1);
    Rollout shadow =
        registry.advance(gate, Stage.SHADOW, 0, 2, plan().withShadow("v2", 0.5), CAUSE);
    nowMs.addAndGet(1);
    Canary canary = new Canary(gate.id(), 0.05);
    Rollout first =
        registry.advance(shadow, Stage.CANARY, 0, 3, plan().withCanary("v2", canary), CAUSE);
    nowMs.addAndGet(1);
    Rollout second =
        registry.advance(
            first, Stage.CANARY, 1, 4, plan().withCanary("v2", new Canary(gate.id(), 0.25)), CAUSE);
    nowMs.addAndGet(1);
    Rollout live = registry.advance(second, Stage.LIVE, 0, 5, plan().promote("v2"), CAUSE);
    nowMs.addAndGet(1);
    Rollout done = registry.advance(live, Stage.DONE, 0, 6, plan(), CAUSE);

    assertEquals("v2", plan().champion());
    assertEquals("v1", plan().previous());
    assertEquals(
        List.of("promote", "shadow", "canary", "canary", "promote"),
        registry.ledger(0, Long.MAX_VALUE, 10).reversed().stream()
            .map(LedgerEntry::action)
            .toList());
    assertEquals(5, plan().revision(), "the end of a rollout changed nothing that is served");
    assertEquals(6, done.decisions().size());
    assertEquals(Stage.DONE, done.stage());
    assertEquals(START_MS, done.startedMs());
    assertEquals(START_MS + 5, done.stageSinceMs());
    assertEquals(1, second.step());
    assertEquals(4, second.fromOffset());
    assertEquals(Optional.empty(), registry.openRollout());
    assertEquals(List.of(done), registry.rollouts(10));
    assertEquals(
        2,
        registry.rollouts(10).size() + (registry.begin("v1", 7, CAUSE).isOpen() ? 1 : 0),
        "another rollout can begin");
  }

  @Test
  final void advance_whatWasReadBefore_isAConflictAndNothingChanges() {
    register("v1", "v2");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    Rollout gate = registry.begin("v2", 1, CAUSE);
    ServingPlan before = plan();
    registry.advance(gate, Stage.SHADOW, 0, 2, before.withShadow("v2", 0.5), CAUSE);
    ServingPlan after = plan();

    assertFails(
        ErrorCode.CONFLICT,
        "shadow",
        () -> registry.advance(gate, Stage.REJECTED, 0, 3, after.withoutTrials(), CAUSE));
    Rollout shadow = registry.openRollout().orElseThrow();
    assertFails(
        ErrorCode.CONFLICT,
        "revision 1",
        () -> registry.advance(shadow, Stage.REJECTED, 0, 3, before, CAUSE));

    assertEquals(after, plan());
    assertEquals(Optional.of(shadow), registry.openRollout());
    assertEquals(2, registry.ledger(0, Long.MAX_VALUE, 10).size());
  }

  @Test
  final void advance_cancelledSinceAPersonServesAnother_isCalledWhatItIs() {
    register("v1", "v2", "v3");
    registry.change(plan().promote("v1"), "promote", CAUSE);

    registry.advance(
        registry.begin("v2", 1, CAUSE), Stage.CANCELLED, 0, 2, plan().promote("v3"), CAUSE);
    assertEquals("promote", registry.ledger(0, Long.MAX_VALUE, 1).getFirst().action());

    registry.advance(
        registry.begin("v2", 3, CAUSE), Stage.CANCELLED, 0, 4, plan().promote("v1"), CAUSE);
    assertEquals("rollback", registry.ledger(0, Long.MAX_VALUE, 1).getFirst().action());
  }

  @Test
  final void advance_afterTheEnd_isAConflict() {
    register("v1", "v2");
    Rollout ended =
        registry.advance(registry.begin("v2", 1, CAUSE), Stage.REJECTED, 0, 2, plan(), CAUSE);

    assertFails(
        ErrorCode.CONFLICT,
        "rejected",
        () -> registry.advance(ended, Stage.SHADOW, 0, 3, plan(), CAUSE));
  }

  @Test
  final void observe_byServer_replacesWhatItSaidBefore() {
    register("v1");
    String rollout = registry.begin("v1", 0, CAUSE).id();

    registry.observe(rollout, "a", "{\"n\":1}");
    registry.observe(rollout, "b", "{\"n\":2}");
    registry.observe(rollout, "a", "{\"n\":3}");

    assertEquals(Map.of("a", "{\"n\":3}", "b", "{\"n\":2}"), registry.observations(rollout));
    assertEquals(Map.of(), registry.observations("another"));
    assertFails(ErrorCode.NOT_FOUND, "another", () -> registry.observe("another", "a", "{}"));
    assertFails(
        ErrorCode.TOO_LARGE,
        "1000000",
        () -> registry.observe(rollout, "a", "x".repeat(1_000_001)));
  }

  @Test
  final void servers_thatAreGoneForADay_areForgotten() {
    registry.report(new ServerStatus("a", "host:1", 1, "v1", null, 5));
    registry.report(new ServerStatus("b", "host:2", 1, "v1", "cannot load v2: gone", 6));
    registry.report(new ServerStatus("b", "host:2", 2, "v2", null, 7));

    assertEquals(
        List.of(
            new ServerStatus("a", "host:1", 1, "v1", null, 5),
            new ServerStatus("b", "host:2", 2, "v2", null, 7)),
        registry.servers());
    ServerStatus late = new ServerStatus("c", "host:3", 2, "", "no release", 86_400_006);
    registry.report(late);
    assertEquals(List.of("b", "c"), registry.servers().stream().map(ServerStatus::server).toList());
    registry.leave("c");
    registry.leave("nobody");
    assertEquals(List.of(), registry.servers().stream().filter(late::equals).toList());
  }

  @Test
  final void delete_whatServesOrIsOnTrial_isAConflict() {
    register("v1", "v2", "v3", "v4");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    registry.change(plan().promote("v2"), "promote", CAUSE);
    registry.begin("v3", 0, CAUSE);

    assertFails(ErrorCode.CONFLICT, "v1", () -> registry.delete("v1"));
    assertFails(ErrorCode.CONFLICT, "v2", () -> registry.delete("v2"));
    assertFails(ErrorCode.CONFLICT, "v3", () -> registry.delete("v3"));
    assertFails(ErrorCode.NOT_FOUND, "v9", () -> registry.delete("v9"));
    registry.delete("v4");
    nowMs.addAndGet(1);
    registry.delete("v4");

    assertEquals(
        Map.of("v1", 0L, "v2", 0L, "v3", 0L, "v4", START_MS),
        registry.releases().stream()
            .collect(
                java.util.stream.Collectors.toMap(
                    r -> r.manifest().version(), RegisteredRelease::deletedMs)));
  }

  @Test
  final void change_byManyAtOnce_exactlyOneWinsEachRevisionAndTheLedgerHasNoGap() throws Exception {
    register("v1", "v2");
    AtomicInteger conflicts = new AtomicInteger();
    AtomicInteger won = new AtomicInteger();

    race(
        4,
        mine -> {
          for (int i = 0; i < 15; i++) {
            try {
              mine.change(mine.plan().promote(i % 2 == 0 ? "v1" : "v2"), "promote", CAUSE);
              won.incrementAndGet();
            } catch (WinnowException e) {
              assertEquals(ErrorCode.CONFLICT, e.code(), e.getMessage());
              conflicts.incrementAndGet();
            }
          }
        });

    assertEquals(60, won.get() + conflicts.get());
    assertEquals(won.get(), plan().revision());
    assertEquals(
        LongStream.rangeClosed(1, won.get()).boxed().toList(),
        revisions(registry.ledger(0, Long.MAX_VALUE, 100).reversed()));
  }

  @Test
  final void begin_byManyAtOnce_oneWins() throws Exception {
    register("v1", "v2", "v3", "v4");
    List<String> won = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger next = new AtomicInteger(1);

    race(
        4,
        mine -> {
          String candidate = "v" + next.getAndIncrement();
          try {
            won.add(mine.begin(candidate, 0, CAUSE).id());
          } catch (WinnowException e) {
            assertEquals(ErrorCode.CONFLICT, e.code(), e.getMessage());
          }
        });

    assertEquals(1, won.size());
    assertEquals(won, registry.rollouts(10).stream().map(Rollout::id).toList());
  }

  @Test
  final void advance_byManyAtOnce_oneWins() throws Exception {
    register("v1", "v2");
    registry.change(plan().promote("v1"), "promote", CAUSE);
    Rollout gate = registry.begin("v2", 0, CAUSE);
    ServingPlan plan = plan();
    AtomicInteger won = new AtomicInteger();

    race(
        4,
        mine -> {
          try {
            mine.advance(gate, Stage.SHADOW, 0, 1, plan.withShadow("v2", 0.5), CAUSE);
            won.incrementAndGet();
          } catch (WinnowException e) {
            assertEquals(ErrorCode.CONFLICT, e.code(), e.getMessage());
          }
        });

    assertEquals(1, won.get());
    assertEquals(2, registry.openRollout().orElseThrow().decisions().size());
    assertEquals(2, plan().revision());
  }

  @Test
  final void register_andTag_byManyAtOnce_loseNothing() throws Exception {
    AtomicInteger next = new AtomicInteger();

    race(
        4,
        mine -> {
          String name = "by" + next.getAndIncrement();
          mine.register(manifest("v1", 1));
          for (int i = 0; i < 10; i++) {
            mine.tag("v1", name, String.valueOf(i));
            mine.measure("v1", Map.of(name, (double) i));
            mine.report(new ServerStatus("same", "here", i, "v1", null, i));
          }
        });

    assertEquals(1, registry.releases().size());
    assertEquals(
        Map.of("by0", "9", "by1", "9", "by2", "9", "by3", "9"),
        registry.releases().getFirst().tags());
    assertEquals(1, registry.servers().size());
  }

  /** Something that one of several registries does at the same time as the others. */
  @FunctionalInterface
  interface Racer {
    /** Does it with a registry of its own. */
    void run(Registry mine);
  }

  private void race(int racers, Racer racer) throws Exception {
    List<Registry> registries = new ArrayList<>();
    for (int i = 0; i < racers; i++) {
      registries.add(another());
    }
    CyclicBarrier start = new CyclicBarrier(racers);
    try (var executor = Executors.newFixedThreadPool(racers)) {
      List<Future<?>> runs = new ArrayList<>();
      for (Registry mine : registries) {
        runs.add(
            executor.submit(() -> {
              start.await();
              racer.run(mine);
              return null;
            }));
      }
      for (Future<?> run : runs) {
        run.get();
      }
      assertEquals(racers, runs.size());
    }
  }

  private void register(String... versions) {
    for (String version : versions) {
      registry.register(manifest(version, 1));
    }
  }

  private ServingPlan plan() {
    return registry.plan();
  }

  private String champion(long timeMs) {
    return registry.servedAt(timeMs).orElseThrow().plan().champion();
  }

  private static List<Long> revisions(List<LedgerEntry> entries) {
    return entries.stream().map(entry -> entry.plan().revision()).toList();
  }

  static void assertFails(
      ErrorCode code, String part, org.junit.jupiter.api.function.Executable call) {
    WinnowException thrown = assertThrows(WinnowException.class, call);
    assertEquals(code, thrown.code(), thrown.getMessage());
    assertTrue(thrown.getMessage().contains(part), thrown.getMessage());
  }

  static ReleaseManifest manifest(String version, long createdMs) {
    return new ReleaseManifest(
        version,
        createdMs,
        "test",
        7,
        List.of(new ReleaseManifest.Feature("user.watches_1h", "ab12", "count(watch) in 1h")),
        Map.of("model.bin", new ReleaseManifest.FileEntry(3, "aa")),
        new ReleaseManifest.Provenance(
            10, 1, 2, 3, "0.1.0", "Java", "v0", Map.of("ranker.epochs", "2"), List.of()),
        Map.of("auc", 0.75));
  }
}
