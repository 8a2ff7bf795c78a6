package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.ArtifactEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReleaseStoreTest {
  /** Long after every file was written. */
  private static final long LATER_MS = System.currentTimeMillis() + 1_000_000_000_000L;

  @TempDir Path folder;

  @Test
  void publish_thenVerify_readsBackEverything() {
    ReleaseStore store = new ReleaseStore(folder);
    ReleaseManifest published = publish(store, "r1");
    assertEquals(2, published.files().size());
    assertEquals(published, store.verify("r1"));
    assertEquals(List.of("r1"), store.versions());
    assertEquals(Optional.empty(), store.active(), "publishing does not activate");
  }

  @Test
  void verify_anyByteFlipped_namesTheFileAndKeepsThePreviousActive() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    store.activate("r1");
    publish(store, "r2");
    for (String name : List.of("vectors.bin", "deep/ranker.onnx")) {
      Path file = store.file("r2", name);
      assertEquals(file, store.file("r1", name), "equal files are stored once");
      byte[] intact = Files.readAllBytes(file);
      for (int i = 0; i < intact.length; i++) {
        byte[] damaged = intact.clone();
        damaged[i] ^= 0x10;
        Files.write(file, damaged);
        WinnowException refused =
            assertThrows(WinnowException.class, () -> store.activate("r2"), name + " byte " + i);
        assertEquals(ErrorCode.CORRUPT, refused.code());
        assertTrue(
            String.valueOf(refused.getMessage()).contains(name),
            String.valueOf(refused.getMessage()));
      }
      Files.write(file, intact);
    }
    assertEquals(Optional.of("r1"), store.active());
    store.activate("r2");
    assertEquals(Optional.of("r2"), store.active());
  }

  @Test
  void manifest_ofFormat1_isReadWithoutFeatures() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    Path bundle = Files.createDirectories(store.bundle("r-old"));
    Files.write(bundle.resolve("vectors.bin"), new byte[] {1, 2, 3});
    // As it was written before manifests named features.
    Files.writeString(
        bundle.resolve("manifest.json"),
        """
        {
          "version" : "r-old",
          "created_ms" : 1700000000000,
          "application" : "test",
          "schema_hash" : 42,
          "files" : {
            "vectors.bin" : {
              "bytes" : 3,
              "sha256" : "039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"
            }
          },
          "provenance" : {
            "to_offset" : 10,
            "from_ms" : 1,
            "to_ms" : 2,
            "seed" : 7,
            "code_version" : "0.1.0",
            "environment" : "test",
            "parent" : null
          },
          "metrics" : { "ranker.click.auc" : 0.7 }
        }
        """);
    ReleaseManifest manifest = store.verify("r-old");
    assertEquals(List.of(), manifest.features());
    assertEquals(42, manifest.schemaHash());
    assertEquals(10, manifest.provenance().toOffset());
  }

  @Test
  void manifest_ofFormat2_isReadWithoutSettings() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    Path bundle = Files.createDirectories(store.bundle("r-old"));
    // As it was written before manifests told settings and what was imported.
    Files.writeString(
        bundle.resolve("manifest.json"),
        """
        {
          "format" : 2,
          "version" : "r-old",
          "created_ms" : 1700000000000,
          "application" : "test",
          "schema_hash" : 42,
          "features" : [ {
            "name" : "user.clicks_1d",
            "version" : "0123abcd",
            "text" : "count(click) over 1d"
          } ],
          "files" : { },
          "provenance" : {
            "to_offset" : 10,
            "from_ms" : 1,
            "to_ms" : 2,
            "seed" : 7,
            "code_version" : "0.1.0",
            "environment" : "test",
            "parent" : null
          },
          "metrics" : { }
        }
        """);
    ReleaseManifest manifest = store.verify("r-old");
    assertEquals(1, manifest.features().size());
    assertEquals(7, manifest.provenance().seed());
    assertEquals(Map.of(), manifest.provenance().settings());
    assertEquals(List.of(), manifest.provenance().imported());
  }

  @Test
  void manifest_ofALaterFormat_isRefused() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    Path file = store.bundle("r1").resolve("manifest.json");
    String text = Files.readString(file);
    assertTrue(text.contains("\"format\" : 3"), text);
    Files.writeString(file, text.replace("\"format\" : 3", "\"format\" : 4"));
    WinnowException refused = assertThrows(WinnowException.class, () -> store.manifest("r1"));
    assertEquals(ErrorCode.CORRUPT, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains("format 4"), refused.getMessage());
  }

  @Test
  void verify_truncatedOrMissingFile_saysWhatWasExpected() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    Path file = store.file("r1", "vectors.bin");
    Files.write(file, new byte[1]);
    assertTrue(
        String.valueOf(assertThrows(WinnowException.class, () -> store.verify("r1")).getMessage())
            .contains("1 bytes (expected: 5 bytes)"));
    Files.delete(file);
    assertTrue(
        String.valueOf(assertThrows(WinnowException.class, () -> store.verify("r1")).getMessage())
            .contains("missing"));
  }

  @Test
  void manifest_notJson_isCorrupt() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    Files.writeString(store.bundle("r1").resolve(ReleaseStore.MANIFEST), "{\"version\":");
    WinnowException refused = assertThrows(WinnowException.class, () -> store.verify("r1"));
    assertEquals(ErrorCode.CORRUPT, refused.code());
    assertTrue(String.valueOf(refused.getMessage()).contains("manifest.json"));
  }

  @Test
  void publish_writerFails_leavesNothingVisible() {
    ReleaseStore store = new ReleaseStore(folder);
    assertThrows(
        WinnowException.class,
        () ->
            store.publish(
                draft("r1"),
                bundle -> {
                  Files.write(bundle.resolve("half"), new byte[3]);
                  throw new IOException("disk full");
                }));
    assertEquals(List.of(), store.versions());
    publish(store, "r1");
    assertEquals(2, store.verify("r1").files().size(), "the half-written file is gone");
  }

  @Test
  void publish_sameVersionTwice_isAConflict() {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    WinnowException refused = assertThrows(WinnowException.class, () -> publish(store, "r1"));
    assertEquals(ErrorCode.CONFLICT, refused.code());
  }

  @Test
  void publish_filesThatAnotherReleaseHas_areStoredOnce() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    publish(store, "r2");
    store.publish(draft("r3"), bundle -> Files.write(bundle.resolve("other.bin"), new byte[] {9}));

    assertEquals(3, objects().size(), "two of r1 and r2, one of r3");
    for (String version : store.versions()) {
      assertEquals(List.of(ReleaseStore.MANIFEST), names(store.bundle(version)));
      store.verify(version);
    }
  }

  @Test
  void publish_overADamagedContent_mendsIt() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    Files.write(store.file("r1", "vectors.bin"), new byte[] {0});
    assertThrows(WinnowException.class, () -> store.verify("r1"));

    publish(store, "r2");

    store.verify("r1");
    store.verify("r2");
  }

  @Test
  void verify_filesBesideTheirManifest_areReadAsBefore() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    ReleaseManifest manifest = publish(store, "r1");
    Path bundle = store.bundle("r1");
    for (String name : manifest.files().keySet()) {
      Files.createDirectories(bundle.resolve(name).getParent());
      Files.copy(store.file("r1", name), bundle.resolve(name));
    }
    for (Path object : objects()) {
      Files.delete(object);
    }

    assertEquals(manifest, store.verify("r1"));
    Files.write(bundle.resolve("vectors.bin"), new byte[] {5, 4, 3, 2, 1});
    WinnowException refused = assertThrows(WinnowException.class, () -> store.verify("r1"));
    assertEquals(ErrorCode.CORRUPT, refused.code());
    store.delete("r1");
    assertEquals(List.of(), store.versions());
  }

  @Test
  void collect_afterADeletion_deletesWhatNobodyElseHas() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    store.publish(
        draft("r2"),
        bundle -> {
          Files.write(bundle.resolve("same.bin"), new byte[] {1, 2, 3, 4, 5});
          Files.write(bundle.resolve("own.bin"), new byte[] {7, 7, 7});
        });
    assertEquals(0, store.collect(LATER_MS, Duration.ZERO));

    assertTrue(store.delete("r2"));
    assertEquals(0, store.collect(System.currentTimeMillis(), Duration.ofDays(1)), "too young");
    assertEquals(3, objects().size());
    assertEquals(3, store.collect(LATER_MS, Duration.ofDays(1)));

    assertEquals(2, objects().size());
    store.verify("r1");
    assertEquals(List.of("r1"), store.versions());
    assertTrue(!store.delete("r2"), "it is gone already");
  }

  @Test
  void collect_whileAPublicationBringsAContentBack_keepsIt() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    assertTrue(store.delete("r1"));
    assertEquals(2, objects().size());

    long bytes = store.collect(LATER_MS, Duration.ofDays(1), () -> publish(store, "r2"));

    assertEquals(0, bytes);
    store.verify("r2");
    assertEquals(2, objects().size());
  }

  @Test
  void collect_afterACollectionThatBrokeOff_putsBackWhatIsNeeded() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    for (Path object : objects()) {
      Files.move(object, object.resolveSibling(object.getFileName() + ".aside-1"));
      Files.write(object.resolveSibling("0".repeat(62) + ".aside-2"), new byte[] {1}); // nobody's
    }

    assertEquals(2, store.collect(LATER_MS, Duration.ofDays(1)));

    store.verify("r1");
    assertEquals(2, objects().size());
  }

  @Test
  void collect_aManifestThatCannotBeRead_deletesNothing() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    Files.writeString(store.bundle("r1").resolve(ReleaseStore.MANIFEST), "{");

    WinnowException refused =
        assertThrows(WinnowException.class, () -> store.collect(LATER_MS, Duration.ZERO));

    assertEquals(ErrorCode.CORRUPT, refused.code());
    assertEquals(2, objects().size());
  }

  @Test
  void collect_whatAFailedPublicationLeft_isDeletedWhenItIsOld() throws IOException {
    ReleaseStore store = new ReleaseStore(folder);
    Path left = Files.createDirectories(folder.resolve(".staging-r9"));
    Files.write(left.resolve("half.bin"), new byte[3]);

    store.collect(System.currentTimeMillis(), Duration.ofDays(1));
    assertTrue(Files.exists(left));
    store.collect(LATER_MS, Duration.ofDays(1));
    assertTrue(Files.notExists(left));
  }

  @Test
  void delete_theActiveRelease_isAConflict() {
    ReleaseStore store = new ReleaseStore(folder);
    publish(store, "r1");
    store.activate("r1");

    WinnowException refused = assertThrows(WinnowException.class, () -> store.delete("r1"));

    assertEquals(ErrorCode.CONFLICT, refused.code());
    store.verify("r1");
  }

  @Test
  void of_aSharedFolder_sharesReleasesButNotWhichIsActive() {
    ArtifactEngine shared = new ArtifactEngine.Folder(folder.resolve("shared").toString());
    ReleaseStore one = ReleaseStore.of(shared, folder.resolve("one"));
    ReleaseStore two = ReleaseStore.of(shared, folder.resolve("two"));
    publish(one, "r1");
    publish(two, "r2");
    one.activate("r1");
    two.activate("r2");

    assertEquals(List.of("r1", "r2"), one.versions());
    assertEquals(Optional.of("r1"), one.active());
    assertEquals(Optional.of("r2"), two.active());
    assertEquals(Optional.of("r1"), ReleaseStore.of(shared, folder.resolve("one")).active());
  }

  private List<Path> objects() throws IOException {
    try (Stream<Path> walk = Files.walk(folder.resolve("objects"))) {
      return walk.filter(Files::isRegularFile).toList();
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  @Test
  void bundle_pathOutsideTheFolder_isRefused() {
    assertThrows(WinnowException.class, () -> new ReleaseStore(folder).bundle("../secrets"));
  }

  private static ReleaseManifest publish(ReleaseStore store, String version) {
    return store.publish(
        draft(version),
        bundle -> {
          Files.write(bundle.resolve("vectors.bin"), new byte[] {1, 2, 3, 4, 5});
          Files.createDirectory(bundle.resolve("deep"));
          Files.write(bundle.resolve("deep/ranker.onnx"), new byte[] {6, 7});
        });
  }

  private static ReleaseManifest draft(String version) {
    return new ReleaseManifest(
        version,
        1_700_000_000_000L,
        "test",
        42,
        List.of(new ReleaseManifest.Feature("user.clicks_1d", "0123abcd", "count(click) over 1d")),
        Map.of(),
        new ReleaseManifest.Provenance(10, 1, 2, 7, "0.1.0", "test", null),
        Map.of("ranker.click.auc", 0.7));
  }
}
