package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static io.winnow.app.Eventually.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.harness.KafkaBroker;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.CanarySplit;
import io.winnow.lifecycle.rollout.GateReport;
import io.winnow.lifecycle.rollout.TrialObservations;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers that follow one plan: promotion, canary, shadow, rollback, and what goes wrong. */
@Timeout(180)
final class RolloutNodeTest {
  private static final String APPLICATION =
      """
      application: clips
      items: { attributes: { category: string } }
      events: [click]
      features: { user: { clicks_7d: count(click) over 7d } }
      serving: { deadline: 10s }
      rollout:
        shadow: { share: 1, min_requests: 20 }
        canary: { shares: [0.3], min_slates: 100000 }
      """;
  private static final Cause PERSON = Cause.of("person:test", "a test");
  private static final GateReport PASSED =
      new GateReport(
          "v2",
          "v1",
          List.of(
              new GateReport.Check("whole", GateReport.Verdict.PASSED, Map.of(), "it is whole")));

  @TempDir private Path folder;
  private final AtomicInteger requests = new AtomicInteger();

  private static ApplicationFile file(String text) {
    return ApplicationFile.parse(text, "winnow.yaml", Map.of());
  }

  private void publish(ReleaseStore store, String version) throws IOException {
    NamedRelease.publish(store, version, file(APPLICATION), folder);
  }

  private DataFolder folder(String name, String... versions) throws IOException {
    DataFolder data = new DataFolder(folder.resolve(name));
    ReleaseStore store = new ReleaseStore(data.releases());
    for (String version : versions) {
      publish(store, version);
    }
    store.activate("v1");
    return data;
  }

  private static Node open(DataFolder data, String application) {
    Node node = Node.open(data, file(application), TimeSource.system());
    List<LogRecord> items = new ArrayList<>();
    for (int item = 0; item < 20; item++) {
      items.add(
          new LogRecord.ItemPut(
              new ItemId("i" + item),
              Map.of("category", new AttributeValue.Text("c")),
              true,
              TimeSource.system().nowMs()));
    }
    node.log().append(items);
    return node;
  }

  private Slate recommend(Node node, String user) {
    return node.pipeline()
        .recommend(
            new RecommendationRequest(
                "r" + requests.incrementAndGet(),
                new UserId(user),
                5,
                "",
                Map.of(),
                Set.of(),
                Map.of(),
                Duration.ofSeconds(10)));
  }

  private static String on(int port) {
    return APPLICATION + "engines: { registry: \"" + database(port) + "\" }\n";
  }

  private static String database(int port) {
    return "postgresql://postgres@localhost:" + port + "/postgres";
  }

  private EmbeddedPostgres postgres(int port) throws IOException {
    return EmbeddedPostgres.builder()
        .setPort(port)
        .setDataDirectory(folder.resolve("database"))
        .setCleanDataDirectory(false)
        .start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Test
  void follow_twoServersOnOneRegistry_switchAndTheOneThatCannotLoadKeepsTheOldAndSaysSo()
      throws Exception {
    int port = freePort();
    DataFolder first = folder("one", "v1", "v2");
    DataFolder second = folder("two", "v1");
    try (EmbeddedPostgres _ = postgres(port);
        Node one = open(first, on(port));
        Node two = open(second, on(port))) {
      one.follow("one");
      two.follow("two");
      one.promote("v2", PromotionGate.Promotion.AUDITED);
      assertEquals("v2", one.pipeline().release());
      await(() -> two.status().problem() != null);
      String problem = String.valueOf(two.status().problem());
      assertTrue(problem.startsWith("release v2 cannot be served since "), problem);
      assertEquals("v1", recommend(two, "u1").release());
      await(() -> one.registry().servers().stream().anyMatch(server -> server.problem() != null));
      assertEquals(
          List.of("v1", "v2"),
          one.registry().servers().stream().map(server -> server.champion()).sorted().toList());

      publish(two.releases(), "v2");
      await(() -> two.pipeline().release().equals("v2"));
      await(() -> two.status().problem() == null);

      CommandRun back = run("rollback", "--data", first.path().toString(), "--reason", "a test");
      assertEquals(0, back.code(), back.err());
      assertEquals("release v1 is active, no longer v2", back.out().strip());
      assertTrue(back.err().contains("2 servers follow after"), back.err());
      assertEquals("v1", one.pipeline().release());
      assertEquals("v1", two.pipeline().release());
      assertEquals("rollback", one.registry().ledger(0, Long.MAX_VALUE, 1).getFirst().action());
    }
  }

  @Test
  void open_databaseAway_servesWhatWasServedLastAndFollowsWhenItIsBack() throws Exception {
    int port = freePort();
    DataFolder data = folder("one", "v1", "v2");
    try (EmbeddedPostgres _ = postgres(port);
        Node node = open(data, on(port))) {
      node.promote("v2", PromotionGate.Promotion.AUDITED);
    }
    try (Node node = open(data, on(port))) {
      assertEquals("v2", recommend(node, "u1").release(), "its own memory");
      assertTrue(
          String.valueOf(node.status().problem()).startsWith("registry: "),
          node.status().toString());
      node.follow("one");
      try (EmbeddedPostgres _ = postgres(port)) {
        await(() -> node.status().problem() == null);
        assertEquals("v2", node.pipeline().release());
        assertEquals("v1", node.rollback(PERSON).champion());
        // What served before is loaded only now that the plan is known.
        await(() -> recommend(node, "u1").release().equals("v1"));
      }
    }
  }

  @Test
  void open_planInShadow_servesTheChampionBeforeAnythingElseIsLoaded() throws Exception {
    DataFolder data = folder("one", "v1", "v2");
    try (Node node = open(data, APPLICATION)) {
      node.propose("v2", PERSON);
      node.judge(PASSED);
    }
    try (Node node = open(data, APPLICATION)) {
      assertEquals("v2", node.registry().plan().shadow());
      assertEquals("v1", node.pipeline().release(), "a command's node never polls");
      assertEquals("v1", recommend(node, "u1").release());
      Rollout rollout = node.registry().openRollout().orElseThrow();
      node.follow("one");
      await(() -> node.status().revision() == node.registry().plan().revision());
      assertEquals("v1", recommend(node, "u2").release());
      await(() -> observations(node, rollout).of(Side.SHADOW).requests() == 1);
    }
  }

  @Test
  void rollback_toAReleaseThatCannotBeServed_changesNothing() throws Exception {
    DataFolder data = folder("one", "v1", "v2", "v3");
    try (Node node = open(data, APPLICATION)) {
      node.promote("v3", PromotionGate.Promotion.AUDITED);
      node.promote("v2", PromotionGate.Promotion.AUDITED);
      node.promote("v3", PromotionGate.Promotion.AUDITED);
      ServingPlan before = node.registry().plan();
      Files.delete(data.releases().resolve("v1").resolve("manifest.json"));
      assertThrows(WinnowException.class, () -> node.rollback("v1", PERSON));
      assertEquals(before, node.registry().plan());
      assertEquals("v2", node.rollback("v2", PERSON).champion(), "the one before");
    }
  }

  @Test
  void close_server_isNoLongerAmongTheServers() throws Exception {
    DataFolder data = folder("one", "v1");
    try (Node node = open(data, APPLICATION)) {
      node.follow("one");
      await(() -> !node.registry().servers().isEmpty());
    }
    try (FolderRegistry registry = FolderRegistry.open(data, Map.of())) {
      assertEquals(List.of(), registry.registry().servers());
    }
  }

  @Test
  void apply_whileFeaturesAreAskedFor_neitherWaitsForTheOther() throws Exception {
    try (Node node = open(folder("one", "v1", "v2"), APPLICATION);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      node.follow("one");
      Future<Integer> asking =
          threads.submit(() -> {
            int asked = 0;
            for (int i = 0; i < 200; i++) {
              asked += node.startFeatures() ? 0 : 1;
            }
            return asked;
          });
      for (int i = 0; i < 200; i++) {
        assertFalse(node.live().apply(APPLICATION).backfill());
      }
      assertEquals(200, asking.get(60, TimeUnit.SECONDS));
    }
  }

  @Test
  void rollback_whileTheApplicationIsBeingChanged_doesNotWaitForIt() throws Exception {
    try (Node node = open(folder("one", "v1", "v2"), APPLICATION)) {
      node.promote("v2", PromotionGate.Promotion.AUDITED);
      node.follow("one");
      Future<ServingPlan> back;
      try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
        synchronized (node.live()) {
          back = threads.submit(() -> node.rollback(PERSON));
          assertEquals("v1", back.get(60, TimeUnit.SECONDS).champion());
          assertEquals("v1", node.pipeline().release());
          assertEquals(null, node.status().problem());
        }
      }
    }
  }

  @Test
  void climb_shadowThenCanary_countsBothSidesAndSplitsUsersByHash() throws Exception {
    try (Node node = open(folder("one", "v1", "v2"), APPLICATION)) {
      node.follow("one");
      Rollout rollout = node.propose("v2", PERSON);
      node.judge(PASSED);
      await(() -> node.status().revision() == node.registry().plan().revision());
      int offset = (int) node.log().endOffset();
      for (int i = 0; i < 25; i++) {
        assertEquals("v1", recommend(node, "u" + i).release());
      }
      await(() -> observations(node, rollout).of(Side.SHADOW).requests() == 25);
      TrialObservations shadow = observations(node, rollout);
      assertEquals(25, shadow.of(Side.TWIN).requests());
      assertEquals(1, shadow.shadow().meanOverlap(), 1e-9, "the releases are the same");
      assertEquals(
          25 * 5, node.log().endOffset() - offset, "the shadow's answers are not in the log");
      assertTrue(node.climb().moved());
      await(() -> node.status().revision() == node.registry().plan().revision());

      CanarySplit split = CanarySplit.of(node.registry().plan().canary());
      assertEquals(0.3, split.canary().share());
      int challenger = 0;
      for (int i = 0; i < 200; i++) {
        boolean canary = split.side(new UserId("u" + i)) == CanarySplit.Side.CHALLENGER;
        assertEquals(canary ? "v2" : "v1", recommend(node, "u" + i).release(), "u" + i);
        challenger += canary ? 1 : 0;
      }
      int answered = challenger;
      assertTrue(answered > 40 && answered < 80, answered + " of 200");
      node.climb();
      assertEquals(answered, observations(node, rollout).of(Side.CHALLENGER).requests());
      assertEquals(200 - answered, observations(node, rollout).of(Side.CHAMPION).requests());
      assertEquals(answered, standing(node).slates());

      assertEquals("canary", node.cancel(PERSON).decisions().getLast().from().label());
      assertEquals(Rollout.Stage.CANCELLED, node.registry().rollouts(1).getFirst().stage());
      assertEquals("v1", recommend(node, "u1").release());
    }
  }

  private static io.winnow.lifecycle.rollout.OutcomeComparison standing(Node node) {
    return node.standing().open().orElseThrow().outcomes();
  }

  private static TrialObservations observations(Node node, Rollout rollout) {
    return TrialObservations.merge(
        node.registry().observations(rollout.id()).values().stream()
            .map(TrialObservations::fromJson)
            .toList());
  }

  @Test
  void recommend_whilePlansChange_noneFailsAndNoneMixesReleases() throws Exception {
    try (Node node = open(folder("one", "v1", "v2"), APPLICATION)) {
      node.follow("one");
      changePlansUnderLoad(List.of(node));
    }
  }

  @Test
  void recommend_twoServersOnKafkaAndOneRegistry_switchTogetherAndNoneMixesReleases()
      throws Exception {
    int port = freePort();
    DataFolder first = folder("one", "v1", "v2");
    DataFolder second = folder("two", "v1", "v2");
    try (KafkaBroker broker = KafkaBroker.start();
        EmbeddedPostgres _ = postgres(port)) {
      String application =
          APPLICATION
              + "engines: { log: \"kafka://%s/clips\", registry: \"%s\" }%n"
                  .formatted(broker.bootstrapServers(), database(port));
      try (Node one = open(first, application);
          Node two = open(second, application)) {
        one.follow("one");
        two.follow("two");
        changePlansUnderLoad(List.of(one, two));

        // The last change began a canary: the same users are its on both servers.
        CanarySplit split = CanarySplit.of(two.registry().plan().canary());
        for (int user = 0; user < 50; user++) {
          boolean canary = split.side(new UserId("u" + user)) == CanarySplit.Side.CHALLENGER;
          assertEquals(canary ? "v2" : "v1", recommend(one, "u" + user).release(), "u" + user);
          assertEquals(canary ? "v2" : "v1", recommend(two, "u" + user).release(), "u" + user);
        }
        await(() -> standing(one).slates() > 0 && standing(one).equals(standing(two)));
      }
    }
  }

  /** What a client was answered: releases by request. */
  private record Client(Map<String, String> released, Future<?> work) {}

  /** Promotions, rollbacks and canaries, by turns ordered at each server, while clients ask all. */
  private void changePlansUnderLoad(List<Node> nodes) throws Exception {
    Node node = nodes.getFirst();
    node.promote("v2", PromotionGate.Promotion.AUDITED);
    node.rollback("v1", PERSON);
    AtomicBoolean stop = new AtomicBoolean();
    List<Client> clients = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int client = 0; client < 4; client++) {
        Node asked = nodes.get(client % nodes.size());
        Map<String, String> released = new ConcurrentHashMap<>();
        Future<?> work =
            threads.submit(() -> {
              while (!stop.get()) {
                Slate slate = recommend(asked, "u" + requests.get() % 50);
                assertEquals(5, slate.items().size());
                released.put(slate.requestId(), slate.release());
              }
              return released;
            });
        clients.add(new Client(released, work));
      }
      try {
        for (int change = 0; change < 12; change++) {
          changePlan(nodes.get(change % nodes.size()), change);
          ServingPlan plan = node.registry().plan();
          await(() -> nodes.stream().allMatch(each -> each.status().revision() >= plan.revision()));
          for (Node each : nodes) {
            String champion = plan.canary().share() > 0 ? null : plan.champion();
            String release = recommend(each, "u-stranger").release();
            assertTrue(champion == null || champion.equals(release), release);
          }
          for (Client client : clients) {
            int enough = client.released.size() + 5;
            await(() -> client.released.size() > enough || client.work.isDone());
          }
        }
      } finally {
        stop.set(true);
      }
    }
    Map<String, Set<String>> logged = releasesLogged(node);
    for (Client client : clients) {
      client.work.get(); // throws what failed
      await(() -> releasesLogged(node).keySet().containsAll(client.released.keySet()));
      logged.putAll(releasesLogged(node));
      client.released.forEach(
          (request, release) -> assertEquals(Set.of(release), logged.get(request), request));
      assertEquals(
          Set.of("v1", "v2"), new HashSet<>(client.released.values()), "its server has switched");
    }
  }

  private static void changePlan(Node node, int change) {
    ServingPlan plan = node.registry().plan();
    if (change % 3 == 0) {
      node.promote("v2", PromotionGate.Promotion.AUDITED);
    } else if (change % 3 == 1) {
      node.rollback("v1", PERSON);
    } else {
      node.propose("v2", PERSON);
      node.judge(PASSED);
      Rollout open = node.registry().openRollout().orElseThrow();
      node.registry()
          .advance(
              open,
              Rollout.Stage.CANARY,
              0,
              0,
              node.registry().plan().withCanary("v2", new ServingPlan.Canary(open.id(), 0.5)),
              PERSON);
    }
    assertTrue(node.registry().plan().revision() > plan.revision());
  }

  /** Which releases the impressions of each request name. */
  private static Map<String, Set<String>> releasesLogged(Node node) {
    Map<String, Set<String>> logged = new HashMap<>();
    node.log()
        .replay((_, record) -> {
          if (record instanceof LogRecord.Happened(Event event) && event.impression() != null) {
            logged
                .computeIfAbsent(event.impression().requestId(), _ -> new HashSet<>())
                .add(event.impression().provenance().release());
          }
        });
    return logged;
  }

  @Test
  void commands_besideARunningServer_promoteBeginShowAndCancel() throws Exception {
    DataFolder data = folder("one", "v1", "v2", "v3");
    String dir = data.path().toString();
    try (Node node = open(data, APPLICATION)) {
      node.follow("one");
      CommandRun activated =
          run("releases", "--data", dir, "--activate", "v3", "--force", "a test");
      assertEquals(0, activated.code(), activated.err());
      assertTrue(activated.err().contains("1 servers follow after"), activated.err());
      assertEquals("v3", node.pipeline().release());
      assertEquals(
          "a test", node.registry().ledger(0, Long.MAX_VALUE, 1).getFirst().cause().reason());

      assertEquals(0, run("rollout", "start", "v2", "--data", dir, "--reason", "new").code());
      assertEquals(2, run("rollout", "start", "v2", "--data", dir).code(), "one is open");
      CommandRun status = run("rollout", "--data", dir);
      assertEquals(0, status.code(), status.err());
      assertTrue(status.out().contains("champion v3, before v1"), status.out());
      assertTrue(status.out().contains("rollout v2-1 of v2: gate"), status.out());
      assertTrue(status.out().contains("gate: new (person:"), status.out());
      assertTrue(status.out().contains("release v3, plan"), status.out());
      CommandRun cancelled = run("rollout", "cancel", "--data", dir);
      assertEquals("rollout v2-1: cancelled", cancelled.out().strip(), cancelled.err());
      assertEquals(2, run("rollout", "cancel", "--data", dir).code());
      assertEquals(2, run("rollout", "begin", "--data", dir).code());
      assertEquals(2, run("rollout", "start", "gone", "--data", dir).code());
    }
  }
}
