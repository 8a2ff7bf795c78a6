package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedOnlineStoreTest extends OnlineStoreConformance {
  private static final EmbeddedConfig SMALL = new EmbeddedConfig(8, 300, 1 << 20);

  @TempDir Path folder;

  @Override
  OnlineStore open(ApplicationDefinition application) {
    return OnlineStores.embedded(application, folder.resolve("state"), SMALL);
  }

  @Test
  void close_anyTime_losesNothing() {
    List<LogRecord> records = Shorts.stream(new Seed(9), SHAPE);
    for (int to : new int[] {1, 299, 300, 301, 5_000}) {
      OnlineStore store = open(SHORTS);
      feed(store, records.subList(0, to));
      store.close();
      try (OnlineStore again = open(SHORTS)) {
        assertEquals(to, again.appliedOffset());
      }
    }
  }

  @Test
  void open_copiedWhileOpen_recoversToAPrefixAndReplaysToTheSame() throws IOException {
    List<LogRecord> records = Shorts.stream(new Seed(2), SHAPE);
    Path crashed = folder.resolve("crashed");
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder.resolve("live"), SMALL)) {
      apply(store, records, 0, 5_000);
      // What a process that is killed now leaves behind.
      copy(folder.resolve("live"), crashed);
    }
    try (OnlineStore store = OnlineStores.embedded(SHORTS, crashed, SMALL)) {
      long offset = store.appliedOffset();
      assertTrue(offset > 4_000 && offset <= 5_000, "recovered to " + offset);
      apply(store, records, (int) offset, records.size());
      OnlineStore fresh = OnlineStores.inMemory(SHORTS);
      apply(fresh, records, 0, records.size());
      assertEquals(fresh.stateDigest(), store.stateDigest());
    }
  }

  @Test
  void open_damagedFolder_startsAnew() throws IOException {
    List<LogRecord> records = Shorts.stream(new Seed(4), SHAPE);
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      apply(store, records, 0, 1_000);
    }
    List<Path> manifests = files(folder, "MANIFEST");
    assertEquals(1, manifests.size());
    Files.write(manifests.getFirst(), new byte[100]);
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      assertEquals(0, store.appliedOffset());
      apply(store, records, 0, 1_000);
      assertEquals(1_000, store.appliedOffset());
    }
  }

  @Test
  void open_openedTwice_isRefusedAndKeepsItsState() {
    List<LogRecord> records = Shorts.stream(new Seed(5), SHAPE);
    OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL);
    apply(store, records, 0, 500);
    WinnowException e =
        assertThrows(
            WinnowException.class, () -> OnlineStores.embedded(SHORTS, folder, SMALL).close());
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
    store.close();
    try (OnlineStore again = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      assertEquals(500, again.appliedOffset());
    }
  }

  @Test
  void read_closedStore_isUnavailable() {
    OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL);
    store.close();
    WinnowException e = assertThrows(WinnowException.class, () -> store.history(new UserId("u")));
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> paths = Files.list(from)) {
      for (Path path : paths.toList()) {
        Files.copy(path, to.resolve(path.getFileName()));
      }
    }
  }

  private static List<Path> files(Path folder, String prefix) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(path -> String.valueOf(path.getFileName()).startsWith(prefix)).toList();
    }
  }
}
