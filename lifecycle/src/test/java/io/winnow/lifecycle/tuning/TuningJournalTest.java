package io.winnow.lifecycle.tuning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.tuning.TuningJournal.Trial;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TuningJournalTest {
  private static final Map<String, String> SEARCH = Map.of("seed", "1", "records", "abc");
  private static final List<Trial> TRIALS =
      List.of(
          new Trial("ease/base", Map.of(), 1, 0.25, 3.5, null),
          new Trial("ease/0/0/0", Map.of("linear.ease.lambda", "10"), 1, null, 0.1, "it \"broke\""),
          new Trial("encoder/0/0/0", Map.of("a", "b"), 0.25, 0.125, 60, null));

  @TempDir Path folder;

  private Path file;

  @BeforeEach
  void place() {
    file = folder.resolve("tuning/journal.jsonl");
  }

  private TuningJournal written() {
    TuningJournal journal = TuningJournal.open(file, SEARCH);
    TRIALS.forEach(journal::add);
    return journal;
  }

  @Test
  void open_again_hasEveryTrial() {
    written().close();
    try (TuningJournal journal = TuningJournal.open(file, SEARCH)) {
      assertEquals(TRIALS, List.copyOf(journal.trials().values()));
      journal.add(new Trial("more", Map.of(), 1, 1.0, 1, null));
    }
    try (TuningJournal journal = TuningJournal.open(file, SEARCH)) {
      assertEquals(4, journal.trials().size());
    }
  }

  @Test
  void open_cutAtEveryByte_keepsEveryWholeLine() throws IOException {
    written().close();
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length <= whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      Files.write(file, cut);
      long lines = new String(cut, StandardCharsets.UTF_8).chars().filter(c -> c == '\n').count();
      int kept = (int) Math.max(0, lines - 1);
      try (TuningJournal journal = TuningJournal.open(file, SEARCH)) {
        assertEquals(TRIALS.subList(0, kept), List.copyOf(journal.trials().values()));
        TRIALS.subList(kept, TRIALS.size()).forEach(journal::add);
      }
      assertEquals(
          new String(whole, StandardCharsets.UTF_8).lines().skip(1).toList(),
          Files.readAllLines(file).subList(1, 4),
          "what was lost is written again");
    }
  }

  @Test
  void open_ofAnotherSearch_namesEachDifferenceAndChangesNothing() throws IOException {
    written().close();
    byte[] before = Files.readAllBytes(file);
    WinnowException refusal =
        assertThrows(
            WinnowException.class,
            () -> TuningJournal.open(file, Map.of("seed", "2", "records", "abc", "space", "x")));
    assertEquals(ErrorCode.INVALID_ARGUMENT, refusal.code());
    assertEquals(
        List.of(
            file + ": seed: 2 (expected: 1, as in the journal; or another folder)",
            file + ": space: x (expected: absent, as in the journal; or another folder)"),
        refusal.problems().stream().map(Problem::toString).sorted().toList());
    assertTrue(Arrays.equals(before, Files.readAllBytes(file)));
  }

  @Test
  void open_damagedLine_isCorruptAndNamed() throws IOException {
    written().close();
    List<String> lines = Files.readAllLines(file);
    for (String damage :
        List.of("{", "{}", "[1]", "", "{\"id\":1}", lines.get(2).replace("share", "shape"))) {
      Files.write(file, List.of(lines.get(0), lines.get(1), damage, lines.get(3)));
      WinnowException refusal =
          assertThrows(WinnowException.class, () -> TuningJournal.open(file, SEARCH), damage);
      assertEquals(ErrorCode.CORRUPT, refusal.code(), damage);
      assertTrue(
          String.valueOf(refusal.getMessage()).startsWith(file + ":3: not a trial"),
          refusal.getMessage());
    }
    Files.write(file, List.of("no journal"));
    assertThrows(WinnowException.class, () -> TuningJournal.open(file, SEARCH));
  }

  /** What another process runs: opens the journal that is named, and says what came of it. */
  public static final class Child {
    private Child() {}

    /** Prints the error's code, or that there was none. */
    public static void main(String[] arguments) {
      try (TuningJournal journal = TuningJournal.open(Path.of(arguments[0]), SEARCH)) {
        System.out.println("opened, " + journal.trials().size() + " trials");
      } catch (WinnowException e) {
        System.out.println(e.code());
      }
    }
  }

  private String openedByAnotherProcess() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      return new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  @Test
  void open_whileAnotherProcessHasReadIt_isRefused() throws Exception {
    written().close();
    try (TuningJournal journal = TuningJournal.open(file, SEARCH)) {
      assertEquals(3, journal.trials().size());
      assertEquals("UNAVAILABLE", openedByAnotherProcess());
      // Whoever looks into the journal meanwhile does not end the lock.
      assertEquals(4, Files.readAllLines(file).size());
      assertEquals("UNAVAILABLE", openedByAnotherProcess());
    }
    assertEquals("opened, 3 trials", openedByAnotherProcess());
  }

  @Test
  void open_twiceAtATime_isRefused() {
    try (TuningJournal first = written()) {
      WinnowException refusal =
          assertThrows(WinnowException.class, () -> TuningJournal.open(file, SEARCH));
      assertEquals(ErrorCode.UNAVAILABLE, refusal.code());
      assertEquals(3, first.trials().size());
    }
    TuningJournal.open(file, SEARCH).close();
  }
}
