package io.winnow.lifecycle.mlflow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.RegisteredRelease;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.ServingPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class MlflowTest {
  private static final Cause CAUSE = Cause.of("person:ann", "because");

  @TempDir private Path folder;
  private Path mlruns;
  private Registry registry;
  private ReleaseStore store;

  @BeforeEach
  void open() {
    mlruns = folder.resolve("mlruns");
    registry = registry("one");
    store = store("one");
    for (int i = 1; i <= 3; i++) {
      publish("r-" + i, i);
    }
    registry.tag("r-2", "team", "front page – ü");
    registry.measure("r-2", Map.of("gate.ndcg@10", 0.1 + 0.2, "ndcg@10", 0.5));
    registry.change(registry.plan().promote("r-1"), "promote", CAUSE);
    registry.change(registry.plan().promote("r-2"), "promote", CAUSE);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  @Test
  void export_thenImportIntoAnEmptyStore_givesTheSame() throws IOException {
    assertEquals(List.of("r-1", "r-2", "r-3"), new MlflowExport(registry, store).writeTo(mlruns));

    try (Registry other = registry("two")) {
      ReleaseStore otherStore = store("two");
      MlflowImport.Report report =
          new MlflowImport(other, otherStore).readFrom(mlruns, null, CAUSE);

      assertEquals(List.of("r-1", "r-2", "r-3"), report.imported());
      assertEquals(Map.of(), report.passedOver());
      assertEquals(Map.of("champion", "r-2", "previous", "r-1"), report.aliases());
      assertEquals(described(registry), described(other));
      for (String version : store.versions()) {
        ReleaseManifest manifest = otherStore.verify(version);
        assertEquals(store.verify(version), manifest);
        for (String file : manifest.files().keySet()) {
          assertEquals(
              -1, Files.mismatch(store.file(version, file), otherStore.file(version, file)));
        }
      }
      ServingPlan plan = other.plan();
      assertEquals("r-2", plan.champion());
      assertEquals("r-1", plan.previous());
    }
  }

  @Test
  void export_afterTheFolderMoved_isImportedAllTheSame() throws IOException {
    new MlflowExport(registry, store).writeTo(mlruns);
    Path moved = Files.move(mlruns, folder.resolve("moved"));

    try (Registry other = registry("two")) {
      assertEquals(
          3,
          new MlflowImport(other, store("two")).readFrom(moved, "clips", CAUSE).imported().size());
    }
  }

  @Test
  void export_again_givesTheSameFiles() throws IOException {
    new MlflowExport(registry, store).writeTo(mlruns);
    Map<String, String> before = files();

    new MlflowExport(registry, store).writeTo(mlruns);

    assertEquals(before, files());
    assertTrue(before.size() > 30, before.keySet().toString());
  }

  @Test
  void export_layout_isThatOfTheFileStore() throws IOException {
    new MlflowExport(registry, store).writeTo(mlruns);

    JsonNode version = MlflowFiles.readYaml(mlruns.resolve("models/clips/version-2/meta.yaml"));
    assertEquals("clips", version.get("name").asText());
    assertEquals(2, version.get("version").asInt());
    assertEquals("READY", version.get("status").asText());
    assertEquals("2", Files.readString(mlruns.resolve("models/clips/aliases/champion")));
    assertEquals("1", Files.readString(mlruns.resolve("models/clips/aliases/previous")));
    assertEquals(
        "front page – ü", Files.readString(mlruns.resolve("models/clips/version-2/tags/team")));
    Path model = Path.of(java.net.URI.create(version.get("source").asText()));
    Path run = model.getParent().getParent();
    assertEquals(version.get("run_id").asText(), run.getFileName().toString());
    assertEquals(32, run.getFileName().toString().length());
    JsonNode meta = MlflowFiles.readYaml(run.resolve("meta.yaml"));
    assertEquals(3, meta.get("status").asInt());
    assertEquals("r-2", meta.get("run_name").asText());
    assertEquals(run.getParent().getFileName().toString(), meta.get("experiment_id").asText());
    assertEquals(
        "clips", MlflowFiles.readYaml(run.getParent().resolve("meta.yaml")).get("name").asText());
    assertEquals("2 0.5 0\n", Files.readString(run.resolve("metrics/ndcg_at_10")));
    assertEquals("4", Files.readString(run.resolve("params/ranker.epochs")));
    assertEquals(
        "manifest.json",
        MlflowFiles.readYaml(model.resolve("MLmodel")).at("/flavors/winnow/manifest").asText());
  }

  @Test
  void export_afterAnOlderReleaseWasDeleted_keepsTheNumbersOfTheOthers() throws IOException {
    registry.change(registry.plan().promote("r-3"), "promote", CAUSE);
    registry.delete("r-1");
    store.delete("r-1");

    assertEquals(List.of("r-2", "r-3"), new MlflowExport(registry, store).writeTo(mlruns));

    assertTrue(Files.notExists(mlruns.resolve("models/clips/version-1")));
    assertEquals("3", Files.readString(mlruns.resolve("models/clips/aliases/champion")));
    assertEquals("2", Files.readString(mlruns.resolve("models/clips/aliases/previous")));
    assertEquals(
        "Winnow release r-3",
        MlflowFiles.readYaml(mlruns.resolve("models/clips/version-3/meta.yaml"))
            .get("description")
            .asText());
  }

  @Test
  void import_whatWasChangedInMlflow_isTakenOver() throws IOException {
    new MlflowExport(registry, store).writeTo(mlruns);
    Path model = mlruns.resolve("models/clips");
    Files.createDirectories(model.resolve("version-3/tags/a"));
    Files.writeString(model.resolve("version-3/tags/approved"), "yes");
    Files.writeString(model.resolve("version-3/tags/a/b"), "no such name here");
    Files.writeString(model.resolve("aliases/champion"), "3");
    Files.createDirectories(model.resolve("version-4"));
    Files.writeString(
        model.resolve("version-4/meta.yaml"),
        "name: clips\nrun_id: 0123456789abcdef\nsource: s3://bucket/other\nversion: 4\n");

    try (Registry other = registry("two")) {
      MlflowImport.Report report =
          new MlflowImport(other, store("two")).readFrom(mlruns, null, CAUSE);

      assertEquals(
          List.of("4", "r-3, tag a/b"), report.passedOver().keySet().stream().sorted().toList());
      assertEquals("r-3", other.plan().champion());
      assertEquals(Map.of("approved", "yes"), other.release("r-3").orElseThrow().tags());
    }
  }

  @Test
  void import_beside_aChampion_leavesThePlan() {
    new MlflowExport(registry, store).writeTo(mlruns);
    long revision = registry.plan().revision();

    MlflowImport.Report report = new MlflowImport(registry, store).readFrom(mlruns, null, CAUSE);

    assertEquals(List.of("r-1", "r-2", "r-3"), report.known());
    assertEquals(List.of(), report.imported());
    assertEquals(Map.of(), report.aliases());
    assertEquals(revision, registry.plan().revision());
  }

  @Test
  void import_damagedArtifact_isCorruptAndNothingIsPublished() throws IOException {
    new MlflowExport(registry, store).writeTo(mlruns);
    try (Stream<Path> walk = Files.walk(mlruns)) {
      Path own =
          walk.filter(file -> file.endsWith("release/deep/own.bin")).findFirst().orElseThrow();
      Files.write(own, new byte[] {1});
    }

    try (Registry other = registry("two")) {
      ReleaseStore otherStore = store("two");
      WinnowException refused =
          assertThrows(
              WinnowException.class,
              () -> new MlflowImport(other, otherStore).readFrom(mlruns, null, CAUSE));
      assertEquals(ErrorCode.CORRUPT, refused.code());
      assertTrue(
          Objects.requireNonNull(refused.getMessage()).contains("deep/own.bin"),
          refused.getMessage());
      assertTrue(otherStore.versions().size() < 3);
    }
  }

  @Test
  void import_notAFileStore_isRefusedWithWhatIsExpected() {
    WinnowException refused =
        assertThrows(
            WinnowException.class,
            () -> new MlflowImport(registry, store).readFrom(folder, null, CAUSE));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains("models"), refused.getMessage());
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> files = new HashMap<>();
    try (Stream<Path> walk = Files.walk(mlruns)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        files.put(mlruns.relativize(file).toString(), Files.readString(file));
      }
    }
    return files;
  }

  /** What has to be the same, which is all but the time of registration. */
  private static List<Object> described(Registry registry) {
    return registry.releases().stream()
        .sorted(java.util.Comparator.comparing((RegisteredRelease r) -> r.manifest().version()))
        .<Object>map(release ->
            List.of(release.manifest(), release.tags(), release.metrics(), release.deletedMs()))
        .toList();
  }

  private Registry registry(String name) {
    return Registries.open(new RegistryEngine.Embedded(), folder(name), () -> 7);
  }

  private Path folder(String name) {
    try {
      return Files.createDirectories(folder.resolve(name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private ReleaseStore store(String name) {
    return new ReleaseStore(folder(name).resolve("releases"));
  }

  private void publish(String version, long createdMs) {
    ReleaseManifest draft =
        new ReleaseManifest(
            version,
            createdMs,
            "clips",
            7,
            List.of(new ReleaseManifest.Feature("user.clicks", "ab12", "count(click) in 1h")),
            Map.of(),
            new ReleaseManifest.Provenance(
                10, 1, 2, 3, "0.1.0", "Java", null, Map.of("ranker.epochs", "4"), List.of()),
            Map.of("ndcg@10", 0.25, "ranker.click.auc", 0.75));
    registry.register(
        store.publish(
            draft,
            bundle -> {
              Files.writeString(bundle.resolve("application.yaml"), "application: clips\n");
              Files.createDirectories(bundle.resolve("deep"));
              Files.writeString(bundle.resolve("deep/own.bin"), version);
            }));
  }
}
