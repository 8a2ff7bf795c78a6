package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.FeatureSchema;
import io.winnow.features.HeldFeatures;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.winnow.serving.http.ApplicationControl.Accepted;
import io.winnow.serving.http.ApplicationControl.Backfill;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another application file for a folder that has a log, a store and a release. */
final class FeatureChangeTest {
  private static final String FIRST =
      """
      application: clips
      items:
        attributes: { category: string }
      events: [click]
      features:
        user: { clicks_7d: count(click) over 7d, clicks_1h: count(click) over 1h }
        item: { clicks_7d: count(click) over 7d }
      serving: { deadline: 10s }
      """;
  private static final String SECOND =
      FIRST
          .replace("clicks_1h: count(click) over 1h", "clicks_1d: count(click) over 1d")
          .replace(
              "item: { clicks_7d: count(click) over 7d }",
              "item: { clicks_7d: count(click) over 8d }");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int USERS = 20;
  private static final int ITEMS = 15;

  @TempDir private Path folder;

  private static ApplicationFile file(String text) {
    return ApplicationFile.parse(text, "winnow.yaml", Map.of());
  }

  private static FeatureSchema schema(String text) {
    return FeatureSchema.of(file(text).definition());
  }

  private Node open(String application) {
    return Node.open(new DataFolder(folder), file(application), TimeSource.system());
  }

  private Node openInBackground(String application) {
    return Node.open(
        new DataFolder(folder),
        file(application),
        TimeSource.system(),
        new Node.Options(Map.of(), true, List.of()));
  }

  private static void click(EventLog log, int from, int to) {
    List<LogRecord> records = new ArrayList<>();
    long nowMs = TimeSource.system().nowMs();
    for (int i = from; i < to; i++) {
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  "click",
                  new UserId("u" + i % USERS),
                  new ItemId("i" + i * 7 % ITEMS),
                  nowMs - Duration.ofHours(i % 190).toMillis(),
                  Double.NaN)));
    }
    for (EventLog.Verdict verdict : log.append(records)) {
      assertEquals(EventLog.Verdict.Status.ACCEPTED, verdict.status());
    }
  }

  /** A release without models that says which features it reads. */
  private static String publish(Node node, String application) {
    String version = "r-" + application.hashCode();
    FeatureSchema features = schema(application);
    node.releases()
        .publish(
            new ReleaseManifest(
                version,
                0,
                "clips",
                features.hash(),
                features.definitions().stream()
                    .map(f ->
                        new ReleaseManifest.Feature(
                            f.qualifiedName(), f.version(), f.aggregation().toString()))
                    .toList(),
                Map.of(),
                new ReleaseManifest.Provenance(0, 0, 0, 0, "", "", null),
                Map.of()),
            bundle -> {
              Files.writeString(bundle.resolve("application.yaml"), application);
              Files.writeString(bundle.resolve("items.json"), "[]");
              Files.writeString(bundle.resolve("tokens.json"), "[]");
            });
    return version;
  }

  private static Slate recommend(Node node, String id) {
    return node.pipeline()
        .recommend(
            new RecommendationRequest(
                id, new UserId("u1"), 5, "", Map.of(), Set.of(), Map.of(), Duration.ofSeconds(10)));
  }

  private static OnlineStore serial(Node node, HeldFeatures features) {
    OnlineStore serial = OnlineStores.inMemory(features);
    node.log().replay((offset, record) -> serial.apply(new long[] {offset}, List.of(record)));
    return serial;
  }

  /** Everything stands while the store is replaced: reads, appends, requests, the old release. */
  @Test
  void apply_whileServing_switchesWithoutAFailure() throws Exception {
    try (Node node = open(FIRST);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      click(node.log(), 0, 3_000);
      String release = publish(node, FIRST);
      node.promote(release, PromotionGate.Promotion.AUDITED);
      AtomicBoolean done = new AtomicBoolean();
      Future<List<Read>> reads = threads.submit(() -> readUntil(node, done));
      Future<Integer> appends =
          threads.submit(() -> {
            int at = 3_000;
            while (!done.get()) {
              click(node.log(), at, at + 10);
              at += 10;
            }
            return at;
          });
      Future<Integer> requests =
          threads.submit(() -> {
            int n = 0;
            while (!done.get()) {
              Slate slate = recommend(node, "r" + n++);
              assertFalse(slate.items().isEmpty());
              assertEquals(release, slate.release());
            }
            return n;
          });

      Accepted accepted = node.live().apply(SECOND);
      assertTrue(accepted.backfill());
      assertEquals(
          List.of("user.clicks_1d"),
          accepted.change().added().stream().map(f -> f.qualifiedName()).toList());
      assertEquals(
          "item.clicks_7d", accepted.change().changed().getFirst().after().qualifiedName());
      assertEquals("user.clicks_1h", accepted.change().removed().getFirst().qualifiedName());
      node.awaitFeatures();
      assertEquals(Backfill.IDLE, node.live().status().backfill());
      done.set(true);
      assertTrue(appends.get() > 3_000);
      assertTrue(requests.get() > 0);
      List<Read> seen = reads.get();

      assertEquals(schema(SECOND), node.store().schema());
      assertEquals(schema(FIRST).hash(), lastSchemaHash(node), "impressions are of the release");
      HeldFeatures both = HeldFeatures.of(file(SECOND).definition(), List.of(schema(FIRST)));
      try (OnlineStore serial = serial(node, both)) {
        assertEquals(serial.stateDigest(), node.store().stateDigest());
      }
      PointInTimeReplay.replay(
          node.log(),
          file(FIRST).definition(),
          seen.stream()
              .map(r -> new PointInTimeReplay.Request(r.rows.asOfOffset(), r.query))
              .toList(),
          (index, rows, _) -> assertArrayEquals(rows.values(), seen.get(index).rows.values()));
      assertTrue(seen.size() > 10, seen.size() + " reads");
    }
    try (Node node = open(SECOND)) {
      assertEquals(Backfill.IDLE, node.live().status().backfill());
      assertEquals(1, stores().size(), "the store that was replaced is gone");
      assertEquals(List.of(), node.store().missing(schema(FIRST)));
    }
  }

  private record Read(FeatureQuery query, FeatureRows rows) {}

  private static List<Read> readUntil(Node node, AtomicBoolean done) {
    List<Read> reads = new ArrayList<>();
    FeatureSchema old = schema(FIRST);
    for (int i = 0; !done.get(); i++) {
      FeatureQuery query =
          new FeatureQuery(
              new UserId("u" + i % USERS),
              new int[] {i % ITEMS},
              Map.of(),
              TimeSource.system().nowMs());
      FeatureRows rows = node.store().read(query, old);
      if (i % 50 == 0) {
        reads.add(new Read(query, rows));
      }
    }
    return reads;
  }

  private static long lastSchemaHash(Node node) {
    long[] hash = {0};
    node.log()
        .replay((_, record) -> {
          if (record instanceof LogRecord.Happened(Event event) && event.impression() != null) {
            hash[0] = event.impression().schemaHash();
          }
        });
    return hash[0];
  }

  private List<Path> stores() throws IOException {
    try (Stream<Path> entries = Files.list(new DataFolder(folder).features())) {
      return entries.filter(Files::isDirectory).toList();
    }
  }

  @Test
  void activate_releaseOfFeaturesThatAreNotHeld_isRefusedWithEachDifference() {
    try (Node node = open(FIRST)) {
      click(node.log(), 0, 200);
      String current = publish(node, FIRST);
      node.promote(current, PromotionGate.Promotion.AUDITED);
      String other = publish(node, SECOND);
      WinnowException refused =
          assertThrows(
              WinnowException.class, () -> node.promote(other, PromotionGate.Promotion.AUDITED));
      assertEquals(ErrorCode.CONFLICT, refused.code());
      assertEquals(
          List.of("features.user.clicks_1d", "features.item.clicks_7d"),
          refused.problems().stream().map(Problem::field).toList());
      assertEquals("missing", refused.problems().getFirst().value());
      Problem changed = refused.problems().getLast();
      assertTrue(changed.value().contains("over 7d"), changed.toString());
      assertTrue(changed.expectation().contains("over 8d"), changed.toString());
      assertEquals(current, node.pipeline().release());
      assertEquals(current, node.releases().active().orElseThrow());
    }
    // The same without a server; then with what it needs beside the application's own.
    String other = "r-" + SECOND.hashCode();
    CommandRun refused = run("releases", "--data", folder.toString(), "--activate", other);
    assertEquals(2, refused.code());
    assertEquals(2, refused.err().lines().count(), refused.err());
    assertTrue(refused.err().contains("features.user.clicks_1d: missing"), refused.err());
    CommandRun backfilled =
        run("features", "backfill", "--data", folder.toString(), "--pin", other);
    assertEquals(0, backfilled.code(), backfilled.err());
    assertTrue(backfilled.out().startsWith("5 features are held"), backfilled.out());
    assertEquals(0, run("releases", "--data", folder.toString(), "--activate", other).code());
    try (Node node = open(FIRST)) {
      assertEquals(other, node.pipeline().release());
      assertEquals(schema(FIRST), node.store().schema());
    }
  }

  @Test
  void open_otherFeaturesInBackground_servesAtOnceWithThoseBefore() {
    String release;
    try (Node node = open(FIRST)) {
      click(node.log(), 0, 2_000);
      release = publish(node, FIRST);
      node.promote(release, PromotionGate.Promotion.AUDITED);
    }
    try (Node node = openInBackground(SECOND)) {
      // Computed or not yet: the release that needs the features before is served.
      assertEquals(release, node.pipeline().release());
      assertEquals(List.of(), node.store().missing(schema(FIRST)));
      assertEquals(schema(SECOND), FeatureSchema.of(node.application().definition()));
      node.awaitFeatures();
      assertEquals(schema(SECOND), node.store().schema());
      assertEquals(release, node.pipeline().release());
      assertFalse(recommend(node, "r").items().isEmpty());
      click(node.log(), 2_000, 2_100);
      HeldFeatures both = HeldFeatures.of(file(SECOND).definition(), List.of(schema(FIRST)));
      try (OnlineStore serial = serial(node, both)) {
        assertEquals(serial.stateDigest(), node.store().stateDigest());
      }
    }
  }

  @Test
  void open_closedInTheMiddle_beginsAgainFromWhatWasThere() throws IOException {
    try (Node node = open(FIRST)) {
      click(node.log(), 0, 3_000);
      node.promote(publish(node, FIRST), PromotionGate.Promotion.AUDITED);
    }
    openInBackground(SECOND).close();
    assertEquals(1, stores().size(), "either the old one or the new one, never half of one");
    try (Node node = open(SECOND)) {
      assertEquals(schema(SECOND), node.store().schema());
      assertEquals(List.of(), node.store().missing(schema(FIRST)));
    }
  }

  @Test
  void apply_onlyLess_needsNoComputation() {
    String less = FIRST.replace(", clicks_1h: count(click) over 1h", "");
    assertNotEquals(FIRST, less);
    try (Node node = open(FIRST)) {
      click(node.log(), 0, 100);
      Accepted accepted = node.live().apply(less);
      assertFalse(accepted.backfill());
      assertEquals(1, accepted.change().removed().size());
      assertEquals(schema(less), node.store().schema());
      assertEquals(5, recommend(node, "r").items().size());
      assertEquals(Release.UNTRAINED, node.pipeline().release());
      assertEquals(schema(less).hash(), lastSchemaHash(node));
      // And back: nothing was thrown away.
      assertFalse(node.live().apply(FIRST).backfill());
      assertEquals(schema(FIRST), node.store().schema());
    }
  }

  @Test
  void http_putAndGet_showTheChange_andEventsOfNewTypesAreTaken() throws IOException {
    Path app = folder.resolve("new.yaml");
    String more = SECOND.replace("events: [click]", "events: [click, share]");
    Files.writeString(app, more);
    Path data = folder.resolve("data");
    try (Node node = Node.open(new DataFolder(data), file(FIRST), TimeSource.system());
        HttpServer server =
            node.serve(
                new HttpConfig("127.0.0.1", 0, Map.of(), HttpConfig.Limits.DEFAULT), Map.of())) {
      click(node.log(), 0, 500);
      String url = server.uri().toString();
      CommandRun applied = run("features", "apply", "--app", app.toString(), "--url", url);
      assertEquals(0, applied.code(), applied.err());
      assertTrue(applied.out().contains("added    user.clicks_1d"), applied.out());
      assertTrue(applied.out().contains("changed  item.clicks_7d"), applied.out());
      assertTrue(applied.out().contains("removed  user.clicks_1h"), applied.out());
      node.awaitFeatures();
      CommandRun status = run("features", "status", "--url", url);
      assertEquals(0, status.code(), status.err());
      assertTrue(status.out().contains("ready    user.clicks_1d"), status.out());
      assertTrue(status.out().endsWith("idle\n"), status.out());
      JsonNode shown = JSON.readTree(run("features", "status", "--json", "--url", url).out());
      assertEquals(more, shown.get("text").asText());
      assertEquals("idle", shown.get("backfill").get("state").asText());
      click(node.log(), 500, 510);
      assertEquals(
          EventLog.Verdict.Status.ACCEPTED,
          node.log()
              .append(
                  List.of(
                      new LogRecord.Happened(
                          new Event(
                              "s",
                              "share",
                              new UserId("u1"),
                              new ItemId("i1"),
                              TimeSource.system().nowMs(),
                              Double.NaN))))
              .getFirst()
              .status());
      Files.writeString(app, FIRST.replace("[click]", "[like]").replace("(click)", "(like)"));
      CommandRun refused = run("features", "apply", "--app", app.toString(), "--url", url);
      assertEquals(2, refused.code());
      assertTrue(refused.err().contains("events.click: removed"), refused.err());
      assertTrue(refused.err().contains("events.share: removed"), refused.err());
      assertEquals(more, Files.readString(data.resolve("winnow.yaml")));
    }
    CommandRun listed = run("features", "list", "--data", data.toString());
    assertEquals(0, listed.code(), listed.err());
    assertEquals(3, listed.out().lines().count(), listed.out());
  }
}
