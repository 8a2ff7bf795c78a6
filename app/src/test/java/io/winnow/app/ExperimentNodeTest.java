package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.openfeature.contrib.providers.ofrep.OfrepProvider;
import dev.openfeature.contrib.providers.ofrep.OfrepProviderOptions;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.ErrorCode;
import dev.openfeature.sdk.FlagEvaluationDetails;
import dev.openfeature.sdk.ImmutableContext;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.Value;
import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Decision;
import io.winnow.features.FeatureSchema;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.openfeature.WinnowProvider;
import io.winnow.serving.ExperimentStatus;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments that come and go while a whole Winnow serves. */
final class ExperimentNodeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String APPLICATION =
      """
      application: clips
      items: { attributes: { category: string } }
      users: { attributes: { country: string } }
      events: [click]
      features: { item: { clicks_7d: count(click) over 7d } }
      serving: { deadline: 10s }
      """;
  private static final String OTHER_FEATURES = APPLICATION.replace("7d", "3d");

  private static final String WHICH =
      """
      experiments: { which: { arms: { now: {}, next: { release: v2 } } } }
      """;

  @TempDir private Path folder;
  private DataFolder data;

  /** Two releases without models, which differ in nothing but their names; the first is active. */
  @BeforeEach
  void releases() throws IOException {
    data = new DataFolder(folder);
    publish("v1", APPLICATION);
    publish("v2", APPLICATION);
    new ReleaseStore(data.releases()).activate("v1");
  }

  private static ApplicationFile file(String text) {
    return ApplicationFile.parse(text, "winnow.yaml", Map.of());
  }

  private void publish(String version, String application) throws IOException {
    NamedRelease.publish(new ReleaseStore(data.releases()), version, file(application), folder);
  }

  private Node open(String application) {
    Node node =
        Node.open(
            data,
            file(application),
            TimeSource.system(),
            new Node.Options(Map.of(), true, List.of()));
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

  private static Set<String> releasesServed(Node node) {
    Set<String> releases = new HashSet<>();
    for (int user = 0; user < 20; user++) {
      Slate slate =
          node.pipeline()
              .recommend(
                  new RecommendationRequest(
                      "r" + System.nanoTime(),
                      new UserId("u" + user),
                      5,
                      "home",
                      Map.of(),
                      Set.of(),
                      Map.of(),
                      Duration.ofSeconds(10)));
      assertEquals(5, slate.items().size());
      releases.add(slate.release());
    }
    return releases;
  }

  private static List<ExperimentStatus> status(Node node) {
    return node.pipeline().assignments().status();
  }

  @Test
  void apply_armOfAnotherRelease_isServedAtOnceAndLetGo() {
    try (Node node = open(APPLICATION)) {
      assertEquals(Set.of("v1"), releasesServed(node));
      node.live().apply(APPLICATION + WHICH);
      assertEquals(List.of(new ExperimentStatus("which", true, "")), status(node));
      assertEquals(Set.of("v1", "v2"), releasesServed(node));
      node.live().apply(APPLICATION);
      assertEquals(List.of(), status(node));
      assertEquals(Set.of("v1"), releasesServed(node));
    }
  }

  @Test
  void open_withExperiments_servesThem() {
    try (Node node = open(APPLICATION + WHICH)) {
      assertEquals(Set.of("v1", "v2"), releasesServed(node));
    }
  }

  @Test
  void activate_theReleaseOfAnArm_goesOnServingBothArms() {
    try (Node node = open(APPLICATION + WHICH)) {
      node.promote("v2", PromotionGate.Promotion.AUDITED);
      assertEquals(List.of(new ExperimentStatus("which", true, "")), status(node));
      assertEquals(Set.of("v2"), releasesServed(node), "the arm without a release follows");
    }
  }

  @Test
  void apply_releaseOfAnArmDamaged_stopsThisExperimentAndNothingElse() throws IOException {
    Path bundle = new ReleaseStore(data.releases()).bundle("v2");
    Files.writeString(bundle.resolve("tokens.json"), "[\"other\"]");
    try (Node node = open(APPLICATION)) {
      node.live()
          .apply(
              APPLICATION
                  + """
                  experiments:
                    which: { arms: { now: {}, next: { release: v2 } } }
                    gone: { layer: which, share: [0.5, 1], arms: { now: {}, next: { release: v9 } } }
                    aa: { arms: { a: {}, b: {} } }
                  """
                      .replace("which: { arms", "which: { share: [0, 0.5], arms"));
      List<ExperimentStatus> status = status(node);
      assertTrue(status.getFirst().reason().contains("tokens.json"), status.toString());
      assertTrue(status.get(1).reason().contains("v9"), status.toString());
      assertEquals(new ExperimentStatus("aa", true, ""), status.getLast());
      assertEquals(Set.of("v1"), releasesServed(node));
    }
  }

  private static final String TESTED =
      APPLICATION + "experiments: { aa: { arms: { a: {}, b: { weight: 1 } } } }\n";

  @Test
  void open_armsChangedWhileItWasDown_servesOnWithoutThisExperimentUntilItsRunIsRaised() {
    open(TESTED).close();
    String changed = TESTED.replace("weight: 1", "weight: 3");
    try (Node node = open(changed)) {
      assertEquals(Set.of("v1"), releasesServed(node));
      ExperimentStatus status = status(node).getFirst();
      assertFalse(status.served());
      assertTrue(status.reason().contains("experiments.aa.arms.b.weight: 3.0"), status.reason());
      assertThrows(WinnowException.class, () -> node.live().apply(changed));
      node.live().apply(TESTED);
      assertTrue(status(node).getFirst().served(), "what it began with goes on");
    }
    try (Node node = open(changed.replace("aa: {", "aa: { run: 2,"))) {
      assertTrue(status(node).getFirst().served());
    }
  }

  @Test
  void open_folderOfBeforeRunsWereKept_knowsThoseOfItsFile() throws IOException {
    open(TESTED).close();
    Files.delete(data.experimentRuns());
    try (Node node = open(TESTED.replace("weight: 1", "weight: 3"))) {
      assertFalse(status(node).getFirst().served());
    }
  }

  @Test
  void apply_takenOutAndPutBackWithOtherArms_isRefused() {
    try (Node node = open(TESTED)) {
      node.live().apply(APPLICATION);
      WinnowException refused =
          assertThrows(
              WinnowException.class,
              () -> node.live().apply(TESTED.replace("weight: 1", "weight: 3")));
      assertEquals("experiments.aa.arms.b.weight", refused.problems().getFirst().field());
      assertEquals(List.of(), status(node));
      node.live().apply(TESTED);
      assertTrue(status(node).getFirst().served());
    }
  }

  @Test
  void apply_moreReleasesThanAreHeld_stopsTheExperimentsOfTheRest() throws IOException {
    StringBuilder arms = new StringBuilder("now: {}");
    // One more than are held for arms: the last before v1 is the plan's release before, held
    // anyhow.
    for (int release = 0; release <= ExperimentReleases.RELEASES_MAX; release++) {
      publish("m" + release, APPLICATION);
      arms.append(", m").append(release).append(": { release: m").append(release).append(" }");
    }
    try (Node node = open(APPLICATION)) {
      node.live()
          .apply(
              APPLICATION
                  + "experiments:\n  many: { layer: l, share: [0, 0.5], arms: { "
                  + arms
                  + " } }\n  one: { layer: l, share: [0.5, 1], arms: { now: {}, more: { release: v2 } } }\n");
      assertTrue(status(node).getFirst().served(), status(node).toString());
      assertTrue(status(node).getLast().reason().contains("more releases than are held"));
    }
  }

  @Test
  void apply_featuresStillToBeComputed_experimentsAreInForceAtOnce() {
    try (Node node = open(APPLICATION)) {
      boolean computing = node.live().apply(OTHER_FEATURES + WHICH).backfill();
      assertTrue(computing);
      assertEquals(List.of(new ExperimentStatus("which", true, "")), status(node));
      assertEquals(Set.of("v1", "v2"), releasesServed(node));
      node.awaitFeatures();
      assertEquals(Set.of("v1", "v2"), releasesServed(node));
    }
  }

  @Test
  void apply_releaseOfOtherFeatures_isServedWhenTheyAreThere() throws IOException {
    publish("v3", OTHER_FEATURES);
    assertNotEquals(
        FeatureSchema.of(file(APPLICATION).definition()).hash(),
        FeatureSchema.of(file(OTHER_FEATURES).definition()).hash());
    try (Node node = open(APPLICATION)) {
      assertTrue(node.live().apply(APPLICATION + WHICH.replace("v2", "v3")).backfill());
      node.awaitFeatures();
      assertEquals(List.of(new ExperimentStatus("which", true, "")), status(node));
      assertEquals(Set.of("v1", "v3"), releasesServed(node));
    }
  }

  @Test
  void open_banditThatHasRunForDays_servesTheSharesOfItsResults() {
    String application =
        APPLICATION
            + """
            metrics: { ctr: "ratio(click, impression)", clicks: mean(click) }
            experiments:
              pick:
                from: 2026-01-01
                design: bandit
                bandit: { metric: clicks, period: 1d, floor: 0.1 }
                arms: { a: {}, b: {} }
            """;
    long nowMs = TimeSource.system().nowMs();
    try (Node node = open(APPLICATION)) {
      List<LogRecord> past = new ArrayList<>();
      for (int user = 0; user < 400; user++) {
        String name = "past" + user;
        String arm = user % 2 == 0 ? "a" : "b";
        long timeMs = nowMs - Duration.ofDays(3).toMillis();
        past.add(
            new LogRecord.Exposed(
                new Exposure("r" + user, new UserId(name), name, "pick", 1, arm, 0.5, Map.of()),
                timeMs));
        if (user % 20 == 0 || (user % 2 == 1 && user % 3 == 0)) {
          past.add(
              new LogRecord.Happened(
                  new Event(
                      "c" + user,
                      "click",
                      new UserId(name),
                      new ItemId("i1"),
                      timeMs + 1000,
                      Double.NaN)));
        }
      }
      node.log().append(past);
      releasesServed(node);
      node.live().apply(application);
      // Until the shares are computed nobody is in it; then b, which did better, has most of it.
      Map<String, Double> probabilities = new HashMap<>();
      while (probabilities.size() < 2) {
        for (int user = 0; user < 50; user++) {
          Decision decision =
              node.pipeline()
                  .assignments()
                  .decide(new UserId("u" + user), "home", Map.of())
                  .experiments()
                  .get("pick");
          if (decision instanceof Decision.In(Assignment in)) {
            probabilities.put(in.armName(), in.probability());
          }
        }
      }
      assertEquals(0.1, probabilities.get("a"), 1e-2);
      assertEquals(0.9, probabilities.get("b"), 1e-2);
    }
  }

  private static final String FLAGS =
      """
      experiments:
        colours: { arms: { control: {}, treatment: {} } }
        tv: { traffic: 0.5, when: { surface: home, context.device: [tv, "5"] }, arms: { a: {}, b: { weight: 2 } } }
        visit: { unit: session, arms: { a: {}, b: {} } }
        austria: { when: { user.country: at }, arms: { a: {}, b: {} } }
        later: { from: 2100-01-01, arms: { a: {}, b: {} } }
        draft: { design: interleaving, arms: { a: {}, b: {} } }
      holdout: 0.1
      testers: { u3: { colours: treatment } }
      """;

  /** Three ways to ask: the server itself, any SDK over OFREP, and the library without a server. */
  @Test
  void openFeature_overTheWireAndLocally_agreesWithTheServer() throws Exception {
    OpenFeatureAPI api = OpenFeatureAPI.getInstance();
    try (Node node = open(APPLICATION + FLAGS);
        HttpServer server =
            node.serve(
                new HttpConfig("127.0.0.1", 0, Map.of(), HttpConfig.Limits.DEFAULT), Map.of());
        HttpClient http = HttpClient.newHttpClient()) {
      OfrepProviderOptions options =
          OfrepProviderOptions.builder().baseUrl(server.uri().toString()).build();
      api.setProviderAndWait("wire", OfrepProvider.constructProvider(options));
      api.setProviderAndWait("local", WinnowProvider.of(file(APPLICATION + FLAGS)));
      Client wire = api.getClient("wire");
      Client local = api.getClient("local");
      Set<String> values = new HashSet<>();
      for (int user = 0; user < 30; user++) {
        node.log()
            .append(
                List.of(
                    new LogRecord.UserPut(
                        new UserId("u" + user),
                        Map.of("country", new AttributeValue.Text(user % 2 == 0 ? "at" : "de")),
                        TimeSource.system().nowMs())));
        ImmutableContext context =
            new ImmutableContext(
                "u" + user,
                Map.of(
                    "surface",
                    new Value("home"),
                    "device",
                    user % 3 == 0 ? new Value(5) : new Value("tv"),
                    "session",
                    new Value("s" + user),
                    "user.country",
                    new Value(user % 2 == 0 ? "at" : "de")));
        String query =
            "user=u%d&surface=home&session=s%d&context.device=%s"
                .formatted(user, user, user % 3 == 0 ? "5" : "tv");
        JsonNode assigned =
            JSON.readTree(
                http.send(
                        HttpRequest.newBuilder(
                                URI.create(server.uri() + "/v1/experiments/assignments?" + query))
                            .build(),
                        HttpResponse.BodyHandlers.ofString())
                    .body());
        for (JsonNode entry : assigned.get("experiments")) {
          String flag = entry.get("experiment").asText();
          String arm = entry.get("arm").isNull() ? "default" : entry.get("arm").asText();
          FlagEvaluationDetails<String> remote = wire.getStringDetails(flag, "none", context);
          FlagEvaluationDetails<String> here = local.getStringDetails(flag, "none", context);
          assertNull(remote.getErrorCode(), remote.toString());
          assertEquals(arm, remote.getValue(), flag);
          assertEquals(arm, here.getValue(), flag);
          assertEquals(remote.getReason(), here.getReason(), flag);
          assertEquals(remote.getVariant(), here.getVariant(), flag);
          values.add(flag + "=" + arm + " " + remote.getReason());
        }
      }
      assertTrue(
          values.containsAll(
              Set.of(
                  "colours=control SPLIT",
                  "colours=treatment SPLIT",
                  "colours=treatment STATIC",
                  "colours=default DEFAULT",
                  "tv=a SPLIT",
                  "tv=b SPLIT",
                  "tv=default DEFAULT",
                  "visit=a SPLIT",
                  "austria=default DEFAULT",
                  "later=default DISABLED",
                  "draft=default DISABLED")),
          values.toString());
      ImmutableContext user = new ImmutableContext("u1");
      for (Client client : List.of(wire, local)) {
        assertEquals(
            ErrorCode.FLAG_NOT_FOUND,
            client.getStringDetails("colour", "none", user).getErrorCode());
        assertEquals(
            ErrorCode.TYPE_MISMATCH,
            client.getBooleanDetails("colours", false, user).getErrorCode());
      }
    } finally {
      api.shutdown();
    }
  }
}
