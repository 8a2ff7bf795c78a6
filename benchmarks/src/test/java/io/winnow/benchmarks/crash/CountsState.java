package io.winnow.benchmarks.crash;

import io.winnow.core.LogRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Sums by user and type, saved every few records together with the offset, so that a crash mostly
 * finds a state that is behind the log.
 */
final class CountsState implements DerivedState {
  private static final int SAVE_EVERY = 700;
  private static final String APPLIED = "applied";

  private final Path file;
  private final Map<String, Double> sums = new HashMap<>();
  private long applied;
  private long saved;

  CountsState(Path folder) {
    file = folder.resolve("counts.txt");
    try {
      Files.createDirectories(folder);
      if (Files.exists(file)) {
        for (String line : Files.readAllLines(file)) {
          int separator = line.lastIndexOf(' ');
          sums.put(line.substring(0, separator), Double.valueOf(line.substring(separator + 1)));
        }
        Double offset = sums.remove(APPLIED);
        applied = offset == null ? 0 : offset.longValue();
        saved = applied;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public long appliedOffset() {
    return applied;
  }

  @Override
  public void apply(long[] offsets, List<LogRecord> records) {
    for (int i = 0; i < offsets.length; i++) {
      if (records.get(i) instanceof LogRecord.Happened happened) {
        String key = happened.event().user() + "/" + happened.event().type();
        double value = happened.event().hasValue() ? happened.event().value() : 1;
        sums.merge(key, value, Double::sum);
      }
      applied = offsets[i] + 1;
    }
    if (applied - saved >= SAVE_EVERY) {
      save();
    }
  }

  private void save() {
    List<String> lines = new ArrayList<>();
    sums.forEach((key, value) -> lines.add(key + " " + value));
    lines.add(APPLIED + " " + (double) applied);
    Path next = file.resolveSibling("next.txt");
    try {
      Files.write(next, lines);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    saved = applied;
  }

  @Override
  public Map<String, String> values() {
    Map<String, String> values = new TreeMap<>();
    sums.forEach((key, value) -> values.put(key, value.toString()));
    values.put(APPLIED, Long.toString(applied));
    return values;
  }

  @Override
  public void close() {
    save();
  }
}
