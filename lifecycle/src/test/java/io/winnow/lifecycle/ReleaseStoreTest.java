package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReleaseStoreTest {
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
      Path file = store.bundle("r2").resolve(name);
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
    Path file = store.bundle("r1").resolve("vectors.bin");
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
