package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands over the registry, beside another process's part: the registry is open all the time.
 */
final class RegistryCommandsTest {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final long START_MS = 1_700_000_000_000L;

  @TempDir private Path folder;
  private Registry registry;
  private ReleaseStore store;

  @BeforeEach
  void open() {
    registry = Registries.open(new RegistryEngine.Embedded(), folder, () -> START_MS);
    store = new ReleaseStore(new DataFolder(folder).releases());
    for (int i = 1; i <= 3; i++) {
      publish(store, "r-" + i, START_MS + i);
    }
    store.versions().forEach(version -> registry.register(store.manifest(version)));
    registry.change(registry.plan().promote("r-1"), "promote", Cause.of("person:ann", "first"));
    registry.change(registry.plan().promote("r-2"), "promote", Cause.of("ladder", "better"));
  }

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void list_showsAliasesTagsAndWhatIsDeleted() throws IOException {
    registry.tag("r-2", "team", "front");
    registry.delete("r-3");

    String text = run("releases").out();
    JsonNode result = JSON.readTree(run("releases", "--json").out());

    assertTrue(text.contains("* r-2"), text);
    assertTrue(text.contains("champion, team=front"), text);
    assertTrue(text.contains("deleted 2023-11-14T22:13:20Z"), text);
    assertEquals("r-2", result.get("active").asText());
    assertEquals("{\"champion\":\"r-2\",\"previous\":\"r-1\"}", result.get("aliases").toString());
    assertEquals(2, result.get("releases").size());
    assertEquals(3, result.get("registered").size());
    assertEquals("front", result.at("/registered/1/tags/team").asText());
  }

  @Test
  void show_aRelease_tellsWhereItComesFrom() throws IOException {
    String text = run("releases", "show", "r-1").out();
    JsonNode result = JSON.readTree(run("releases", "show", "r-1", "--json").out());

    assertTrue(text.contains("data         10 records"), text);
    assertTrue(text.contains("metric       ndcg@10: 0.25000"), text);
    assertEquals("[\"previous\"]", result.get("aliases").toString());
    assertEquals(10, result.at("/manifest/provenance/to_offset").asInt());
    CommandRun missing = run("releases", "show", "r-9");
    assertEquals(ExitCode.INPUT.value(), missing.code());
    assertTrue(missing.err().contains("one of [r-1, r-2, r-3]"), missing.err());
  }

  @Test
  void compare_twoReleases_printsTheirDifference() throws IOException {
    assertTrue(run("releases", "compare", "r-1", "r-2").out().startsWith("r-1 → r-2\n"));
    JsonNode result = JSON.readTree(run("releases", "compare", "r-1", "r-2", "--json").out());
    assertEquals("common.bin", result.at("/files/0/name").asText());
    assertTrue(result.at("/files/0/equal").asBoolean());
    assertEquals(false, result.at("/files/1/equal").asBoolean());
  }

  @Test
  void tag_setsAndRemoves() throws IOException {
    assertEquals(0, run("releases", "tag", "r-1", "a=b c", "keep=x").code());
    assertEquals(Map.of("a", "b c", "keep", "x"), registry.release("r-1").orElseThrow().tags());
    JsonNode result = JSON.readTree(run("releases", "tag", "r-1", "a=", "--json").out());
    assertEquals("{\"keep\":\"x\"}", result.get("tags").toString());
    CommandRun bad = run("releases", "tag", "r-1", "novalue");
    assertTrue(bad.err().contains("NAME=VALUE"), bad.err());
    assertTrue(bad.code() != 0);
  }

  @Test
  void prune_keepsTheNewest_andSaysWhy() throws IOException {
    JsonNode result = JSON.readTree(run("releases", "prune", "--dry-run", "--json").out());

    assertTrue(result.get("dry_run").asBoolean());
    assertEquals("[]", result.get("deleted").toString());
    assertTrue(
        run("releases", "prune").out().contains("one of the newest 20"), "the default keeps 20");
    assertEquals(3, store.versions().size());
  }

  @Test
  void exportThenImport_intoAnotherFolder_givesTheSame() throws IOException {
    Path mlruns = folder.resolve("mlruns");
    Path other = folder.resolve("other");

    assertEquals(0, run("releases", "export", "--mlflow", mlruns.toString()).code());
    CommandRun imported =
        CommandRun.run(
            "releases",
            "import",
            "--mlflow",
            mlruns.toString(),
            "--data",
            other.toString(),
            "--json");

    assertEquals(0, imported.code(), imported.err());
    JsonNode report = JSON.readTree(imported.out());
    assertEquals("[\"r-1\",\"r-2\",\"r-3\"]", report.get("imported").toString());
    assertEquals("r-2", report.at("/aliases/champion").asText());
    ReleaseStore copy = new ReleaseStore(new DataFolder(other).releases());
    assertEquals(store.verify("r-3"), copy.verify("r-3"));
    JsonNode ledger =
        JSON.readTree(CommandRun.run("ledger", "--data", other.toString(), "--json").out());
    assertEquals("import", ledger.at("/entries/0/action").asText());
  }

  @Test
  void ledger_allAndAtATime_tellsWhoAndWhy() throws IOException {
    String text = run("ledger").out();
    JsonNode at = JSON.readTree(run("ledger", "--at", "2023-11-14T22:13:20Z", "--json").out());

    assertTrue(text.contains("by ladder: better"), text);
    assertTrue(text.indexOf("by ladder: better") < text.indexOf("by person:ann: first"), text);
    assertEquals("r-2", at.at("/entries/0/aliases/champion").asText());
    assertEquals("better", at.at("/entries/0/reason").asText());
    assertEquals("nothing was in force\n", run("ledger", "--at", "2001-01-01T00:00:00Z").out());
    assertTrue(run("ledger", "--at", "noon").err().contains("--at: noon"));
  }

  private CommandRun run(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--data");
    all.add(folder.toString());
    return CommandRun.run(all.toArray(String[]::new));
  }

  private static void publish(ReleaseStore store, String version, long createdMs) {
    store.publish(
        new ReleaseManifest(
            version,
            createdMs,
            "clips",
            7,
            Map.of(),
            new ReleaseManifest.Provenance(10, 1, 2, 3, "0.1.0", "Java", null),
            Map.of("ndcg@10", 0.25)),
        bundle -> {
          Files.writeString(bundle.resolve("common.bin"), "the same");
          Files.writeString(bundle.resolve("own.bin"), version);
        });
  }
}
