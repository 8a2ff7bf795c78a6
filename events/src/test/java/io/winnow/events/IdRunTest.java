package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdRunTest {
  @TempDir Path folder;

  private Path path() {
    return folder.resolve("run");
  }

  private IdTable write(int entries, long seed) throws IOException {
    RandomGenerator random = new Seed(seed).generator("ids");
    IdTable table = new IdTable();
    for (int i = 0; i < entries; i++) {
      table.addIfAbsent(random.nextLong(), random.nextLong(), random.nextLong(), random.nextLong());
    }
    try (IdRunWriter writer = new IdRunWriter(path(), entries)) {
      long[] sorted = table.sorted();
      for (int at = 0; at < sorted.length; at += IdTable.ENTRY_LONGS) {
        writer.add(sorted[at], sorted[at + 1], sorted[at + 2], sorted[at + 3]);
      }
      writer.finish();
    }
    return table;
  }

  private static void assertHas(IdTable table, IdRun run) throws IOException {
    for (int i = 0; i < table.size(); i++) {
      assertEquals(
          new IdIndex.Entry(table.offset(i), table.content(i)),
          run.find(table.high(i), table.low(i)));
      assertNull(run.find(table.high(i), table.low(i) ^ 1));
      assertNull(run.find(table.high(i) ^ 1, table.low(i)));
      assertNull(run.find(~table.high(i), table.low(i)));
    }
  }

  @Test
  void find_anySize_hasExactlyWhatWasWritten() throws IOException {
    for (int entries : new int[] {1, 2, 3, 7, 8, 9, 63, 64, 65, 128, 1000, 4095, 4096, 20_000}) {
      IdTable table = write(entries, entries);
      try (IdRun run = IdRun.open(path())) {
        assertEquals(entries, run.entries());
        assertHas(table, run);
        IdRun.Cursor cursor = run.cursor();
        long[] sorted = table.sorted();
        for (int at = 0; at < sorted.length; at += IdTable.ENTRY_LONGS) {
          assertTrue(cursor.next());
          assertEquals(sorted[at], cursor.high());
          assertEquals(sorted[at + 1], cursor.low());
          assertEquals(sorted[at + 2], cursor.offset());
          assertEquals(sorted[at + 3], cursor.content());
        }
        assertFalse(cursor.next());
      }
    }
  }

  @Test
  void mayHold_manyKeys_marksAllThatAreThereAndFewOthers() throws IOException {
    IdTable table = write(20_000, 3);
    RandomGenerator random = new Seed(4).generator("others");
    long[] identities = new long[EventIdentity.LONGS * 40_000];
    for (int i = 0; i < 40_000; i++) {
      boolean there = i % 2 == 0;
      identities[EventIdentity.LONGS * i] = there ? table.high(i / 2) : random.nextLong();
      identities[EventIdentity.LONGS * i + 1] = there ? table.low(i / 2) : random.nextLong();
    }
    boolean[] maybe = new boolean[40_000];
    try (IdRun run = IdRun.open(path())) {
      for (int from = 0; from < 40_000; from += 100) {
        assertTrue(run.mayHold(identities, from, 100, new int[200], maybe));
      }
    }
    int others = 0;
    for (int i = 0; i < 40_000; i++) {
      assertTrue(maybe[i] || i % 2 == 1);
      others += maybe[i] && i % 2 == 1 ? 1 : 0;
    }
    // One in eight thousand is expected, and a few whose bucket is fuller than what is compared.
    assertTrue(others < 200, others + " of 20,000 were marked");
  }

  @Test
  void open_anyByteChanged_isNoticedBeforeItMisleads() throws IOException {
    IdTable table = write(65, 5);
    byte[] intact = Files.readAllBytes(path());
    int atOpening = 0;
    int atReading = 0;
    for (int at = 0; at < intact.length; at++) {
      byte[] changed = intact.clone();
      changed[at] ^= (byte) (at % 2 == 0 ? 1 : 0x80);
      Files.write(path(), changed);
      try (IdRun run = IdRun.open(path())) {
        assertThrows(IdRun.DamagedException.class, () -> assertHas(table, run));
        atReading++;
      } catch (IdRun.DamagedException e) {
        atOpening++;
      }
    }
    assertEquals(65 * IdRun.ENTRY_BYTES, atReading);
    assertEquals(intact.length - atReading, atOpening);
  }

  @Test
  void open_cutAnywhere_isRefused() throws IOException {
    write(70, 6);
    byte[] intact = Files.readAllBytes(path());
    for (int size = 0; size < intact.length; size += size < 100 ? 1 : 13) {
      Files.write(path(), Arrays.copyOf(intact, size));
      assertThrows(IdRun.DamagedException.class, () -> IdRun.open(path()).close());
    }
  }
}
