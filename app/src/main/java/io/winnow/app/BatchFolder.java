package io.winnow.app;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.lifecycle.jobs.JobFailure;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * The files of one batch: parts that appear whole, in a folder that appears when all of them are
 * there, with a file that says what batch it is. One process at a time.
 *
 * @param target where it appears
 */
record BatchFolder(Path target) {
  private static final String MARKER = "batch.json";
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * What batch it is.
   *
   * @param key of the job's run
   * @param release that all slates are by
   * @param items of a slate, at most
   * @param toOffset whose users: those of the log below it
   */
  record Marker(String key, String release, int items, long toOffset) {}

  /**
   * A name for a key: the key itself where that is a file's name, else one that no other key has.
   */
  static String name(String key) {
    String plain = key.replaceAll("[^A-Za-z0-9._-]", "_").replaceFirst("^\\.", "_");
    return plain.equals(key) ? plain : plain + "-" + "%08x".formatted(key.hashCode());
  }

  /**
   * Whether the batch of a key is there, whole.
   *
   * @throws JobFailure if something else lies there
   */
  boolean isWhole(String key) throws IOException {
    if (!Files.exists(target)) {
      return false;
    }
    if (marker(target).filter(marker -> marker.key.equals(key)).isEmpty()) {
      throw new JobFailure(
          Remedy.PERSON,
          "%s is there already, and is not the batch of key %s.".formatted(target, key),
          "Move it away, or name another --folder.");
    }
    return true;
  }

  /**
   * Begins, or goes on behind what an earlier attempt left.
   *
   * @return what is written: as before where key, release and items are as before, else anew
   */
  Marker begin(Marker wanted) throws IOException {
    Optional<Marker> before = marker(staging());
    if (before.isPresent()
        && before.get().key.equals(wanted.key)
        && before.get().release.equals(wanted.release)
        && before.get().items == wanted.items) {
      return before.get();
    }
    StaleFiles.deleteTree(staging());
    Files.createDirectories(staging());
    DataFolder.replace(staging().resolve(MARKER), JSON.writeValueAsString(wanted));
    return wanted;
  }

  boolean hasPart(int part) {
    return Files.exists(staging().resolve(partName(part)));
  }

  /** Where a part is written until it is whole. */
  Path open(int part) {
    return staging().resolve("." + partName(part));
  }

  /** The part is whole. */
  void close(int part) throws IOException {
    Files.move(open(part), staging().resolve(partName(part)), StandardCopyOption.REPLACE_EXISTING);
  }

  /** All parts are there. */
  void publish() throws IOException {
    Files.move(staging(), target, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String partName(int part) {
    return "part-%05d.ndjson".formatted(part);
  }

  Path staging() {
    return target.resolveSibling(StaleFiles.STAGING + target.getFileName());
  }

  private static Optional<Marker> marker(Path folder) throws IOException {
    try {
      return Optional.of(JSON.readValue(Files.readAllBytes(folder.resolve(MARKER)), Marker.class));
    } catch (NoSuchFileException | JacksonException e) {
      return Optional.empty();
    }
  }
}
