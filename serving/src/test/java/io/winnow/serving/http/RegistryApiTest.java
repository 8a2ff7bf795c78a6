package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegistryApiTest {
  private static final Cause CAUSE = new Cause("person:ann", "better", Map.of("loss", 0.25));

  @TempDir private Path folder;
  private Registry registry;
  private TestServer server;

  @BeforeEach
  void start() {
    registry =
        Registries.open(new RegistryEngine.Embedded(), folder, () -> TestServer.NOW_MS - 1_000);
    registry.register(manifest("r0", 1, 0.125));
    registry.register(manifest("r1", 2, 0.25));
    registry.change(registry.plan().promote("r0"), "promote", CAUSE);
    registry.change(registry.plan().promote("r1"), "promote", CAUSE);
    server = new TestServer(registry);
  }

  @AfterEach
  void stop() {
    server.close();
    registry.close();
  }

  @Test
  void releases_haveAliasesTagsAndMetrics_alsoThoseThatAreNotHere() {
    registry.tag("r0", "team", "front page");
    registry.measure("r1", Map.of("gate.ece", 0.5));

    JsonNode releases = json(server.get("/v1/releases")).get("releases");

    assertEquals(2, releases.size());
    assertEquals("r1", releases.at("/0/id").asText());
    assertTrue(releases.at("/0/active").asBoolean());
    assertEquals("[\"champion\"]", releases.at("/0/aliases").toString());
    assertEquals("{\"gate.ece\":0.5,\"ndcg@10\":0.25}", releases.at("/0/metrics").toString());
    assertEquals("r0", releases.at("/1/id").asText());
    assertEquals("[\"previous\"]", releases.at("/1/aliases").toString());
    assertEquals("{\"team\":\"front page\"}", releases.at("/1/tags").toString());

    JsonNode newest = json(server.get("/v1/releases?limit=1")).get("releases");
    assertEquals(1, newest.size());
    assertEquals("r1", newest.at("/0/id").asText());
    assertEquals(400, server.get("/v1/releases?limit=0").statusCode());
    assertEquals(400, server.get("/v1/releases?limit=1001").statusCode());
  }

  @Test
  void release_byVersion_hasItsManifest() {
    JsonNode release = json(server.get("/v1/releases/r0"));

    assertEquals("r0", release.at("/manifest/version").asText());
    assertEquals(10, release.at("/manifest/provenance/to_offset").asInt());
    assertEquals("aa", release.at("/manifest/files/model.bin/sha256").asText());
    assertEquals(404, server.get("/v1/releases/r9").statusCode());
  }

  @Test
  void compare_twoReleases_saysInWhatTheyDiffer() {
    JsonNode difference = json(server.get("/v1/releases/compare?a=r0&b=r1"));

    assertEquals("r0", difference.get("a").asText());
    assertEquals(0.125, difference.at("/metrics/0/difference").asDouble());
    assertTrue(difference.at("/files/0/equal").asBoolean());
    assertEquals(404, server.get("/v1/releases/compare?a=r0&b=r9").statusCode());
    assertEquals(400, server.get("/v1/releases/compare?a=r0").statusCode());
  }

  @Test
  void tags_areSetReplacedAndRemoved() {
    HttpResponse<String> put =
        server.send("PUT", "/v1/releases/r0/tags/team", "application/json", "{\"value\": \"x y\"}");
    assertEquals(200, put.statusCode(), put.body());
    assertEquals("{\"team\":\"x y\"}", json(put).get("tags").toString());
    assertEquals(Map.of("team", "x y"), registry.release("r0").orElseThrow().tags());

    assertEquals(200, server.send("DELETE", "/v1/releases/r0/tags/team", null, null).statusCode());
    assertEquals(Map.of(), registry.release("r0").orElseThrow().tags());
  }

  @Test
  void tags_whatTheyMayNotBe_isRefused() {
    String path = "/v1/releases/r0/tags/team";
    for (String body : List.of("{\"value\": 1}", "{}", "[]", "{\"value\": \"a\", \"b\": 1}")) {
      assertEquals(400, server.send("PUT", path, "application/json", body).statusCode(), body);
    }
    assertEquals(400, server.send("PUT", path, "application/json", "{").statusCode());
    assertEquals(
        404,
        server
            .send("PUT", "/v1/releases/r9/tags/team", "application/json", "{\"value\":\"a\"}")
            .statusCode());
    assertEquals(
        400,
        server
            .send("PUT", "/v1/releases/r0/tags/a%2Fb", "application/json", "{\"value\":\"a\"}")
            .statusCode());
    assertEquals(Map.of(), registry.release("r0").orElseThrow().tags());
  }

  @Test
  void ledger_allOrAtATime_tellsWhatServedWhoAndWhy() {
    JsonNode entries = json(server.get("/v1/ledger")).get("entries");

    assertEquals(2, entries.size());
    assertEquals("r1", entries.at("/0/aliases/champion").asText());
    assertEquals("r0", entries.at("/0/aliases/previous").asText());
    assertEquals("person:ann", entries.at("/0/actor").asText());
    assertEquals("better", entries.at("/0/reason").asText());
    assertEquals(0.25, entries.at("/0/numbers/loss").asDouble());
    assertEquals(1, json(server.get("/v1/ledger?limit=1")).get("entries").size());
    String at = entries.at("/0/at").asText();
    assertEquals(
        "r1", json(server.get("/v1/ledger?at=" + at)).at("/entries/0/aliases/champion").asText());
    assertEquals(0, json(server.get("/v1/ledger?at=2001-01-01T00:00:00Z")).get("entries").size());
    assertEquals(0, json(server.get("/v1/ledger?to=" + at)).get("entries").size());
    assertEquals(400, server.get("/v1/ledger?at=yesterday").statusCode());
    assertEquals(400, server.get("/v1/ledger?limit=0").statusCode());
  }

  private static ReleaseManifest manifest(String version, long createdMs, double ndcg) {
    return new ReleaseManifest(
        version,
        createdMs,
        "shorts",
        7,
        List.of(),
        Map.of("model.bin", new ReleaseManifest.FileEntry(3, "aa")),
        new ReleaseManifest.Provenance(10, 1, 2, 3, "0.1.0", "Java", null),
        Map.of("ndcg@10", ndcg));
  }
}
