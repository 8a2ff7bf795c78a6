package io.winnow.app;

import static io.winnow.app.CommandRun.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.features.AuditReport;
import io.winnow.features.FeatureAudit;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.winnow.serving.SlateItem;
import io.winnow.serving.http.HttpConfig;
import io.winnow.serving.http.HttpServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole Winnow on a folder: files in, a release, slates out over HTTP. */
final class NodeTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final UserId USER = new UserId("u1");

  /** The deadline is generous: what a busy machine does to a cold process is not the question. */
  private static final String APPLICATION =
      """
      application: clips
      items:
        attributes: { category: string }
      events: [click]
      features:
        user: { clicks_7d: count(click) over 7d }
        item: { clicks_7d: count(click) over 7d, ctr_7d: rate(click, impression) over 7d }
        user x category: { clicks_7d: count(click) over 7d }
      retrieval: { two_tower: 20, item_to_item: 20, ease: 20, ials: 20, trending: 20, popular: 20, fresh: 20 }
      serving: { deadline: 10s }
      """
          + ClickDataSet.IMPORTS;

  @TempDir private static Path base;

  /** Imports and trains once; each test works on a copy. */
  @BeforeAll
  static void importAndTrain() throws IOException {
    Path dataset = ClickDataSet.write(base.resolve("dataset"), APPLICATION, 500, 30, 0.75);
    CommandRun imported =
        run("import", "--dataset", dataset.toString(), "--data", base.resolve("data").toString());
    assertEquals(0, imported.code(), imported.err());
    assertTrue(imported.out().contains("0 duplicates, 0 rejected"), imported.out());
    assertTrue(imported.err().contains("is active"), imported.err());
  }

  private static DataFolder copy(Path to) throws IOException {
    FileTree.copy(base.resolve("data"), to.resolve("data"));
    return new DataFolder(to.resolve("data"));
  }

  private static Node open(DataFolder folder) {
    return Node.open(folder, folder.application(null, Map.of()), TimeSource.system());
  }

  private static Slate recommend(Node node, String requestId, UserId user) {
    return node.pipeline()
        .recommend(
            new RecommendationRequest(
                requestId, user, 10, "", Map.of(), Set.of(), Map.of(), Duration.ofSeconds(10)));
  }

  private static JsonNode call(HttpServer server, String method, String path, String body) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create(server.uri() + path))
                  .header("Content-Type", "application/json")
                  .method(
                      method,
                      body.isEmpty()
                          ? HttpRequest.BodyPublishers.noBody()
                          : HttpRequest.BodyPublishers.ofString(body))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(2, response.statusCode() / 100, response.body());
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> ids(JsonNode slate) {
    List<String> ids = new ArrayList<>();
    slate.get("items").forEach(item -> ids.add(item.get("id").asText()));
    return ids;
  }

  @Test
  void serve_newEventAndNewItem_changeTheNextRequest(@TempDir Path folder) throws IOException {
    try (Node node = open(copy(folder));
        HttpServer server =
            node.serve(
                new HttpConfig("127.0.0.1", 0, Map.of(), HttpConfig.Limits.DEFAULT), Map.of())) {
      JsonNode first = call(server, "GET", "/v1/recommendations?user=u1&n=5", "");
      assertEquals(5, ids(first).size());
      assertEquals(0, first.get("degraded").size(), first.toString());
      assertEquals(node.releases().active(), Optional.of(first.get("release").asText()));

      String chosen = ids(first).getFirst();
      call(
          server,
          "POST",
          "/v1/events",
          "{\"type\": \"click\", \"user\": \"u1\", \"item\": \"" + chosen + "\"}");
      JsonNode second = call(server, "GET", "/v1/recommendations?user=u1&n=5", "");
      assertFalse(ids(second).contains(chosen), "a click changes the same user's next request");

      call(server, "PUT", "/v1/items/premiere", "{\"attributes\": {\"category\": \"never seen\"}}");
      JsonNode filtered =
          call(server, "GET", "/v1/recommendations?user=u1&n=5&filter.category=never%20seen", "");
      assertEquals(List.of("premiere"), ids(filtered), "without training");
      assertEquals(0, filtered.get("degraded").size(), filtered.toString());

      AuditReport skew =
          FeatureAudit.run(
              node.log(),
              FeatureAudit.Definitions.only(node.application().definition()),
              FeatureAudit.Options.DEFAULT);
      assertEquals(11, skew.impressions());
      assertEquals(List.of(), skew.examples());
    }
  }

  @Test
  void open_again_servesTheSameReleaseAndTheSameFeatures(@TempDir Path folder) throws IOException {
    DataFolder data = copy(folder);
    long nowMs = TimeSource.system().nowMs();
    String release;
    String digest;
    float[] features;
    try (Node node = open(data)) {
      recommend(node, "r1", USER);
      release = node.pipeline().release();
      digest = node.store().stateDigest();
      features = features(node, nowMs);
    }
    try (Node node = open(data)) {
      assertEquals(release, node.pipeline().release());
      assertEquals(digest, node.store().stateDigest());
      assertArrayEquals(features, features(node, nowMs));
      assertEquals(List.of(), recommend(node, "r2", USER).degraded());
    }
  }

  private static float[] features(Node node, long nowMs) {
    int[] items = {0, 7, 39};
    return node.store().read(new FeatureQuery(USER, items, Map.of(), nowMs)).values();
  }

  @Test
  void open_featureStateLost_isRebuiltFromTheLog(@TempDir Path folder) throws IOException {
    DataFolder data = copy(folder);
    String digest;
    try (Node node = open(data)) {
      digest = node.store().stateDigest();
    }
    delete(data.features());
    try (Node node = open(data)) {
      assertEquals(digest, node.store().stateDigest());
    }
  }

  @Test
  void open_activeReleaseDamaged_startsAndSaysSo(@TempDir Path folder) throws IOException {
    DataFolder data = copy(folder);
    ReleaseStore releases = new ReleaseStore(data.releases());
    damage(releases, releases.active().orElseThrow());
    try (Node node = open(data)) {
      assertEquals(Release.UNTRAINED, node.pipeline().release());
      Slate slate = recommend(node, "r", USER);
      assertEquals(10, slate.items().size());
      assertEquals("release", slate.degraded().getFirst().stage());
      Set<ItemId> had = new HashSet<>();
      for (int item : node.store().history(USER).items()) {
        had.add(node.store().catalog().item(item));
      }
      assertTrue(slate.items().stream().map(SlateItem::item).noneMatch(had::contains));
    }
  }

  @Test
  void activate_damagedRelease_isRefusedAndThePreviousServesOn(@TempDir Path folder)
      throws IOException {
    DataFolder data = copy(folder);
    try (Node node = open(data)) {
      String active = node.pipeline().release();
      ReleaseManifest manifest = node.releases().manifest(active);
      node.releases()
          .publish(
              named(manifest, "r-next"),
              target -> {
                for (String file : manifest.files().keySet()) {
                  Files.copy(node.releases().file(active, file), target.resolve(file));
                }
              });
      String damaged = damage(node.releases(), "r-next");
      WinnowException refused =
          assertThrows(
              WinnowException.class, () -> node.promote("r-next", PromotionGate.Promotion.AUDITED));
      assertEquals(ErrorCode.CORRUPT, refused.code());
      assertTrue(String.valueOf(refused.getMessage()).contains(damaged), refused.getMessage());
      assertEquals(active, node.pipeline().release());
      assertEquals(Optional.of(active), node.releases().active());
      assertEquals(List.of(), recommend(node, "r", USER).degraded());
    }
  }

  @Test
  void open_activeReleaseOfAnEarlierWinnow_startsAndSaysSo(@TempDir Path folder) throws Exception {
    DataFolder data = copy(folder);
    ReleaseStore releases = new ReleaseStore(data.releases());
    String version = releases.active().orElseThrow();
    asOfFormat2(releases, version);
    try (Node node = open(data)) {
      assertEquals(Release.UNTRAINED, node.pipeline().release());
      Slate slate = recommend(node, "r", USER);
      assertEquals(10, slate.items().size());
      assertEquals("release", slate.degraded().getFirst().stage());
      WinnowException refused =
          assertThrows(
              WinnowException.class, () -> node.promote(version, PromotionGate.Promotion.AUDITED));
      assertEquals(ErrorCode.CONFLICT, refused.code());
      assertTrue(
          String.valueOf(refused.getMessage()).contains("'winnow train' makes a new release"),
          refused.getMessage());
    }
  }

  /** The manifest of format 2 over files that are whole, one of an earlier version beside it. */
  private static void asOfFormat2(ReleaseStore releases, String version) throws Exception {
    Path bundle = releases.bundle(version);
    Path file = bundle.resolve("transitions.bin");
    byte[] bytes = Files.readAllBytes(releases.file(version, "transitions.bin"));
    String before = sha256(bytes);
    int versionAt = Integer.BYTES + Short.BYTES + "transitions".length() + 3;
    assertEquals(2, bytes[versionAt]);
    bytes[versionAt] = 1;
    Files.write(file, bytes);
    Path manifest = bundle.resolve("manifest.json");
    String text = Files.readString(manifest);
    assertTrue(text.contains("\"format\" : 3") && text.contains(before), text);
    Files.writeString(
        manifest, text.replace("\"format\" : 3", "\"format\" : 2").replace(before, sha256(bytes)));
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  /** Changes one bit of the ranker. */
  private static String damage(ReleaseStore releases, String version) throws IOException {
    String name = "ranker.onnx";
    Path file = releases.file(version, name);
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    return name;
  }

  private static ReleaseManifest named(ReleaseManifest manifest, String version) {
    return new ReleaseManifest(
        version,
        manifest.createdMs(),
        manifest.application(),
        manifest.schemaHash(),
        Map.of(),
        manifest.provenance(),
        manifest.metrics());
  }

  @Test
  void featuresAudit_plantedSkew_isFoundAndBlocksPromotionUntilForced(@TempDir Path folder)
      throws IOException {
    DataFolder data = copy(folder);
    String dir = data.path().toString();
    String active;
    try (Node node = open(data)) {
      recommend(node, "honest", USER);
      active = node.pipeline().release();
      ReleaseManifest manifest = node.releases().manifest(active);
      node.releases()
          .publish(
              named(manifest, "r-next"),
              target -> {
                for (String file : manifest.files().keySet()) {
                  Files.copy(node.releases().file(active, file), target.resolve(file));
                }
              });
    }
    CommandRun honest = run("features", "audit", "--data", dir);
    assertEquals(0, honest.code(), honest.out() + honest.err());
    assertTrue(honest.out().startsWith("1 requests, 10 impressions, 40 values compared, 0 differ"));

    try (Node node = open(data)) {
      plant(node, "skewed", "item.ctr_7d");
    }
    CommandRun found = run("features", "audit", "--data", dir, "--json");
    assertEquals(ExitCode.FINDING.value(), found.code(), found.out() + found.err());
    JsonNode report = JSON.readTree(found.out());
    assertEquals(1, report.get("mismatches").asInt(), found.out());
    assertEquals("[\"item.ctr_7d\"]", report.get("above").toString());
    assertEquals("skewed", report.at("/examples/0/request").asText());
    assertEquals(active, report.at("/examples/0/release").asText());
    assertTrue(report.at("/examples/0/logged_bits").asText().startsWith("0x"), found.out());

    CommandRun blocked = run("releases", "--data", dir, "--activate", "r-next");
    assertEquals(ExitCode.INPUT.value(), blocked.code(), blocked.out());
    assertTrue(blocked.err().contains("item.ctr_7d"), blocked.err());
    assertTrue(blocked.err().contains("--force"), blocked.err());
    CommandRun train = run("train", "--data", dir);
    assertEquals(ExitCode.INPUT.value(), train.code(), "refused before it trains");
    assertTrue(train.err().contains("item.ctr_7d"), train.err());
    try (Node node = open(data)) {
      WinnowException refused =
          assertThrows(
              WinnowException.class, () -> node.promote("r-next", PromotionGate.Promotion.AUDITED));
      assertEquals(ErrorCode.BLOCKED, refused.code());
      assertEquals(Optional.of(active), node.releases().active());
      node.promote("r-next", PromotionGate.Promotion.forced("a planted bit"));
      assertEquals("r-next", node.pipeline().release());
      node.promote(active, PromotionGate.Promotion.AUDITED);
      assertEquals(active, node.pipeline().release(), "going back is always allowed");
      recommend(node, "mended", USER);
    }
    CommandRun newest = run("features", "audit", "--data", dir, "--last", "10");
    assertEquals(0, newest.code(), newest.out() + newest.err());
    CommandRun free = run("releases", "--data", dir, "--activate", "r-next");
    assertEquals(0, free.code(), free.err());
    CommandRun wrong = run("features", "audit", "--data", dir, "--last", "0");
    assertEquals(ExitCode.INPUT.value(), wrong.code());
    assertTrue(wrong.err().contains("--last"), wrong.err());
  }

  /** Logs an impression as it would be served now, but for one bit of one value. */
  private static void plant(Node node, String requestId, String feature) {
    long nowMs = TimeSource.system().nowMs();
    FeatureRows rows = node.store().read(new FeatureQuery(USER, new int[] {0}, Map.of(), nowMs));
    float[] values = rows.values();
    int column = node.store().schema().names().indexOf(feature);
    values[column] = Float.isNaN(values[column]) ? 1 : Math.nextUp(values[column]);
    node.log()
        .append(
            List.of(
                new LogRecord.Happened(
                    new Event(
                        requestId + ":0",
                        Event.IMPRESSION,
                        USER,
                        node.store().catalog().item(0),
                        nowMs,
                        Double.NaN,
                        requestId,
                        new Impression(
                            requestId,
                            0,
                            1,
                            new Impression.Provenance(
                                node.pipeline().release(), "default", "popular", 0),
                            rows.asOfOffset(),
                            node.store().schema().hash(),
                            values)))));
  }

  @Test
  void serve_features_areAnsweredAndMonitored(@TempDir Path folder) throws IOException {
    try (Node node = open(copy(folder));
        HttpServer server =
            node.serve(
                new HttpConfig("127.0.0.1", 0, Map.of(), HttpConfig.Limits.DEFAULT), Map.of())) {
      JsonNode answer =
          call(
              server,
              "GET",
              "/v1/features?entity=user:u1&entity=item:i0&features=user.clicks_7d,item.ctr_7d",
              "");
      assertEquals(node.log().endOffset(), answer.get("as_of_offset").asLong());
      JsonNode row = answer.get("rows").get(0);
      float clicks = features(node, TimeSource.system().nowMs())[0];
      assertEquals(clicks, (float) row.get("values").get("user.clicks_7d").asDouble());
      assertTrue(row.get("ages").get("user.clicks_7d").asDouble() > 0);
      JsonNode monitoring = call(server, "GET", "/v1/monitoring/features", "");
      assertTrue(monitoring.get("on").asBoolean());
      assertEquals(0, monitoring.get("mismatches").asInt());
    }
  }

  private static void delete(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.toList().reversed()) {
        Files.delete(file);
      }
    }
  }

  @Test
  void open_folderInUse_isRefusedAndNothingIsChanged(@TempDir Path folder) throws IOException {
    DataFolder data = copy(folder);
    Path other = folder.resolve("other.yaml");
    Files.writeString(other, "{ application: other, events: [open] }");
    try (Node node = open(data)) {
      CommandRun refused =
          run(
              "recommend",
              "--data",
              data.path().toString(),
              "--app",
              other.toString(),
              "--user",
              "u1");
      assertEquals(ExitCode.DEPENDENCY.value(), refused.code(), refused.err());
      assertTrue(refused.err().contains("in use"), refused.err());
      assertEquals(1, refused.err().lines().count(), refused.err());
      assertEquals(APPLICATION, Files.readString(data.applicationFile()));
      assertEquals(List.of(), recommend(node, "r", USER).degraded());
    }
  }

  @Test
  void open_fails_givesTheFolderBack(@TempDir Path folder) throws IOException {
    DataFolder data = copy(folder);
    Path aside = folder.resolve("releases aside");
    Files.move(data.releases(), aside);
    Files.writeString(data.releases(), "a file where a folder should be");
    WinnowException refused = assertThrows(WinnowException.class, () -> open(data));
    assertEquals(ErrorCode.UNAVAILABLE, refused.code());
    assertEquals(0, refused.getSuppressed().length);
    Files.delete(data.releases());
    Files.move(aside, data.releases());
    Node node = open(data);
    try (node) {
      assertEquals(10, recommend(node, "r", USER).items().size());
    }
    node.close(); // once more does no harm
  }

  @Test
  void rollback_activatesTheReleaseBefore(@TempDir Path folder) {
    DataFolder data = new DataFolder(folder);
    ReleaseStore releases = new ReleaseStore(data.releases());
    ReleaseManifest manifest =
        new ReleaseManifest(
            "",
            0,
            "clips",
            0,
            Map.of(),
            new ReleaseManifest.Provenance(0, 0, 0, 0, "", "", null),
            Map.of());
    for (String version : List.of("r-1", "r-2", "r-3")) {
      releases.publish(
          named(manifest, version), bundle -> Files.writeString(bundle.resolve("models"), version));
    }
    assertEquals(2, run("rollback", "--data", folder.toString()).code(), "nothing is active");
    releases.activate("r-2");
    CommandRun back = run("rollback", "--data", folder.toString());
    assertEquals(0, back.code(), back.err());
    assertEquals("release r-1 is active, no longer r-2", back.out().strip());
    assertEquals(Optional.of("r-1"), releases.active());
    CommandRun refused = run("rollback", "--data", folder.toString());
    assertEquals(2, refused.code());
    assertTrue(refused.err().contains("release before: none"), refused.err());
    assertEquals(Optional.of("r-1"), releases.active());
  }
}
