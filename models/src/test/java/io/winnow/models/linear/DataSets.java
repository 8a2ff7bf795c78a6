package io.winnow.models.linear;

import io.winnow.models.Interactions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/** Reads real data sets for the figures of {@link EvaluationRun}; no test depends on them. */
final class DataSets {
  private DataSets() {}

  private record Row(String user, String item, long timeMs) {}

  /** {@code user item} a line, in each user's order; the line number stands for the time. */
  static Interactions sequences(Path file) {
    return load(
        file,
        (number, line) -> {
          String[] fields = line.split(" ", -1);
          return new Row(fields[0], fields[1], number);
        });
  }

  /** {@code user, item, rating, seconds}, separated by tabs. */
  static Interactions movieLens100k(Path file) {
    return load(
        file,
        (number, line) -> {
          String[] fields = line.split("\t", -1);
          return new Row(fields[0], fields[1], Long.parseLong(fields[3]) * 1000);
        });
  }

  /** Purchases of known customers. */
  static Interactions onlineRetail(Path file) {
    DateTimeFormatter format = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
    return load(
        file,
        (number, line) -> {
          String[] fields = line.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1);
          if (number == 0
              || fields.length < 8
              || fields[6].isEmpty()
              || fields[0].startsWith("C")
              || Double.parseDouble(fields[3]) <= 0) {
            return null;
          }
          long time =
              LocalDateTime.parse(fields[4], format).toInstant(ZoneOffset.UTC).toEpochMilli();
          return new Row(fields[6], fields[1], time);
        });
  }

  @FunctionalInterface
  private interface Parser {
    @Nullable Row parse(int number, String line);
  }

  private static Interactions load(Path file, Parser parser) {
    List<Row> rows = new ArrayList<>();
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.ISO_8859_1))) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        Row row = parser.parse(number++, line);
        if (row != null) {
          rows.add(row);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, Integer> users = new HashMap<>();
    Map<String, Integer> items = new HashMap<>();
    for (Row row : rows) {
      users.putIfAbsent(row.user(), users.size());
      items.putIfAbsent(row.item(), items.size());
    }
    rows.sort(
        Comparator.comparingInt((Row row) -> users.getOrDefault(row.user(), -1))
            .thenComparingLong(Row::timeMs));
    int[] offsets = new int[users.size() + 1];
    int[] itemsOf = new int[rows.size()];
    long[] times = new long[rows.size()];
    for (int e = 0; e < rows.size(); e++) {
      offsets[users.getOrDefault(rows.get(e).user(), -1) + 1] = e + 1;
      itemsOf[e] = items.getOrDefault(rows.get(e).item(), -1);
      times[e] = rows.get(e).timeMs();
    }
    return new Interactions(items.size(), offsets, itemsOf, times);
  }
}
