package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdIndexTest {
  private static final int TABLE = 100;

  @TempDir Path folder;

  /** Numbers stand for ids; what a log would hold, in its order. */
  private final List<Long> logged = new ArrayList<>();

  private final Map<Long, IdIndex.Entry> oracle = new HashMap<>();

  private static void put(long[] identities, int place, long number) {
    int at = EventIdentity.LONGS * place;
    identities[at] = Seed.mix(number);
    identities[at + 1] = Seed.mix(~number);
    identities[at + 2] = number % 7;
  }

  private static long[] identities(List<Long> numbers) {
    long[] identities = new long[EventIdentity.LONGS * numbers.size()];
    for (int i = 0; i < numbers.size(); i++) {
      if (numbers.get(i) >= 0) {
        put(identities, i, numbers.get(i));
      }
    }
    return identities;
  }

  private IdIndex open(Path from) throws IOException {
    return IdIndex.open(from, logged.size(), TABLE);
  }

  /** What the log does on opening. */
  private void catchUp(IdIndex index) throws IOException {
    for (int from = (int) index.appliedOffset(); from < logged.size(); from += 40) {
      List<Long> batch = logged.subList(from, Math.min(logged.size(), from + 40));
      long[] offsets = new long[batch.size()];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = (long) from + i;
      }
      index.replayed(identities(batch), offsets, offsets.length);
      index.commit(from + (long) offsets.length);
    }
  }

  /** Negative numbers are records without id. */
  private void append(IdIndex index, List<Long> numbers, boolean commit) throws IOException {
    long first = logged.size();
    IdIndex.@Nullable Entry @Nullable [] earlier =
        index.addNew(identities(numbers), numbers.size(), first);
    Map<Long, IdIndex.Entry> added = new HashMap<>();
    List<Long> accepted = new ArrayList<>();
    for (int i = 0; i < numbers.size(); i++) {
      long number = numbers.get(i);
      IdIndex.Entry expected = oracle.getOrDefault(number, added.get(number));
      assertEquals(expected, earlier == null ? null : earlier[i]);
      if (expected == null) {
        if (number >= 0) {
          added.put(number, new IdIndex.Entry(first + accepted.size(), number % 7));
        }
        accepted.add(number);
      }
    }
    if (commit) {
      logged.addAll(accepted);
      oracle.putAll(added);
      index.commit(logged.size());
    } else {
      index.rollBack();
    }
  }

  private void assertKnowsAll(IdIndex index) throws IOException {
    assertEquals(logged.size(), index.appliedOffset());
    for (Map.Entry<Long, IdIndex.Entry> known : oracle.entrySet()) {
      assertEquals(known.getValue(), index.find(identities(List.of(known.getKey())), 0));
    }
    for (long number = 1_000_000; number < 1_000_500; number++) {
      assertNull(index.find(identities(List.of(number)), 0));
    }
  }

  private List<Path> files(Path of) throws IOException {
    try (Stream<Path> listed = Files.list(of)) {
      return listed.sorted().toList();
    }
  }

  /** A copy of a folder that is in use, file by file as a crash of the machine might leave it. */
  private @Nullable Path crashed(int number) throws IOException {
    Path copy = Files.createDirectory(folder.resolve("crash-" + number));
    try {
      // The manifest first: the files that it names may be gone already, but never be unwritten.
      Files.copy(folder.resolve("index/manifest"), copy.resolve("manifest"));
      for (Path file : files(folder.resolve("index"))) {
        if (!file.endsWith("manifest")) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      }
      // Another manifest by now: files of the copied one may have been deleted before their turn.
      return Files.mismatch(folder.resolve("index/manifest"), copy.resolve("manifest")) < 0
          ? copy
          : null;
    } catch (java.nio.file.NoSuchFileException e) {
      return null;
    }
  }

  @Test
  void addNew_randomCallsRestartsAndCrashes_agreesWithAMap() throws IOException {
    RandomGenerator random = new Seed(77).generator("calls");
    IdIndex index = open(folder.resolve("index"));
    int crashes = 0;
    for (int call = 0; call < 400; call++) {
      List<Long> numbers = new ArrayList<>();
      for (int n = 1 + random.nextInt(60); n > 0; n--) {
        numbers.add(random.nextInt(10) == 0 ? -1L : random.nextLong(30_000));
      }
      append(index, numbers, random.nextInt(6) > 0);
      if (call % 50 == 49) {
        index.close();
        index = open(folder.resolve("index"));
        catchUp(index);
      }
      if (call % 25 == 13) {
        Path copy = crashed(call);
        if (copy != null) {
          crashes++;
          Files.writeString(copy.resolve("0000000000000999999.ids"), "half a file");
          Files.writeString(copy.resolve("manifest.new"), "half a manifest");
          try (IdIndex again = open(copy)) {
            assertTrue(again.appliedOffset() > 0, "not rebuilt from nothing");
            catchUp(again);
            assertKnowsAll(again);
          }
        }
      }
    }
    assertTrue(crashes > 5, crashes + " crashes");
    index.awaitFiles();
    assertKnowsAll(index);
    assertTrue(oracle.size() > 5_000, "ids: " + oracle.size());
    int left = files(folder.resolve("index")).size();
    assertTrue(left > 1 && left <= 1 + 3 * 8, "merged into few files: " + left);
    index.close();
  }

  @Test
  void find_whileAnotherThreadAdds_findsWhatWasCommitted() throws Exception {
    AtomicLong committed = new AtomicLong();
    int all = 20_000;
    try (IdIndex index = open(folder.resolve("index"));
        ExecutorService pool = Executors.newFixedThreadPool(2)) {
      List<Future<Long>> readers = new ArrayList<>();
      for (int reader = 0; reader < 2; reader++) {
        RandomGenerator random = new Seed(reader).generator("reader");
        readers.add(
            pool.submit(() -> {
              long found = 0;
              while (committed.get() < all) {
                long known = committed.get();
                if (known > 0) {
                  long number = random.nextLong(known);
                  IdIndex.Entry entry = index.find(identities(List.of(number)), 0);
                  assertNotNull(entry);
                  assertEquals(number, entry.offset());
                  found++;
                }
                assertNull(index.find(identities(List.of(all + found)), 0));
              }
              return found;
            }));
      }
      List<Long> numbers = new ArrayList<>();
      for (long number = 0; number < all; number++) {
        numbers.add(number);
        if (numbers.size() == 50) {
          append(index, numbers, true);
          committed.set(number + 1);
          numbers.clear();
        }
      }
      for (Future<Long> reader : readers) {
        assertTrue(reader.get() > 0);
      }
    }
  }

  @Test
  void find_damagedBlock_isAnErrorAndTheNextOpeningStartsAnew() throws IOException {
    Path at = folder.resolve("index");
    try (IdIndex index = open(at)) {
      for (long number = 0; number < TABLE; number++) {
        append(index, List.of(number), true);
      }
    }
    Path file = files(at).getFirst();
    byte[] bytes = Files.readAllBytes(file);
    bytes[IdRun.HEADER_BYTES + 20] ^= 1;
    Files.write(file, bytes);
    try (IdIndex index = open(at)) {
      assertEquals(TABLE, index.appliedOffset());
      assertThrows(IOException.class, () -> assertKnowsAll(index));
    }
    try (IdIndex index = open(at)) {
      assertEquals(0, index.appliedOffset());
      catchUp(index);
      assertKnowsAll(index);
    }
  }

  @Test
  void drop_committed_isThereAfterReopening() throws IOException {
    Path at = folder.resolve("index");
    try (IdIndex index = open(at)) {
      append(index, List.of(1L, 2L), true);
      index.drop(5);
      index.drop(3);
      logged.addAll(List.of(-1L, -1L, -1L, -1L));
      index.commit(6);
      assertEquals(List.of(3L, 5L), index.dropped(0, 6));
    }
    try (IdIndex index = open(at)) {
      assertEquals(6, index.appliedOffset());
      assertEquals(List.of(3L), index.dropped(3, 5));
      assertEquals(List.of(), index.dropped(4, 5));
    }
  }
}
