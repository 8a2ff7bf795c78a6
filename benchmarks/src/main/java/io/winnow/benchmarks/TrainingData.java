package io.winnow.benchmarks;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/** What the training benchmark trains on. */
final class TrainingData {
  private static final String FILE = "sasrec-sequences.txt.gz";

  /** MovieLens-1M's size, where histories have five events or more. */
  private static final int USERS = 6_040;

  private static final int ITEMS = 3_416;
  private static final int EVENTS = 999_611;
  private static final int SHORTEST = 17;
  private static final double SPREAD = 1.0;

  private TrainingData() {}

  /**
   * The sequences of a folder: {@code user item} a line from 1, by user and then time, in {@code
   * sasrec-sequences.txt.gz}. The position in a user's sequence stands for the time.
   */
  static Interactions sequences(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw WinnowException.invalid("--dataset", folder, "a folder with " + FILE);
    }
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.US_ASCII))) {
      Sequences sequences = new Sequences();
      String line = reader.readLine();
      for (int number = 1; line != null; number++) {
        sequences.add(file + ":" + number, line);
        line = reader.readLine();
      }
      return sequences.interactions();
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, file + ": could not be read", e);
    }
  }

  /** Lines as they come. */
  private static final class Sequences {
    private int[] offsets = new int[1024];
    private int[] items = new int[1 << 16];
    private int users;
    private int size;
    private int itemCount;
    private String lastUser = "";

    void add(String where, String line) {
      int blank = line.indexOf(' ');
      int item = blank < 1 ? 0 : number(line, blank + 1);
      if (item < 1) {
        throw WinnowException.invalid(where, line, "a user, a blank and an item from 1");
      }
      String user = line.substring(0, blank);
      if (!user.equals(lastUser)) {
        users++;
        lastUser = user;
      }
      if (users >= offsets.length) {
        offsets = Arrays.copyOf(offsets, 2 * offsets.length);
      }
      if (size == items.length) {
        items = Arrays.copyOf(items, 2 * size);
      }
      items[size++] = item - 1;
      offsets[users] = size;
      itemCount = Math.max(itemCount, item);
    }

    private static int number(String line, int from) {
      try {
        return Integer.parseInt(line, from, line.length(), 10);
      } catch (NumberFormatException e) {
        return 0;
      }
    }

    Interactions interactions() {
      int[] all = Arrays.copyOf(items, size);
      int[] ends = Arrays.copyOf(offsets, users + 1);
      return new Interactions(itemCount, ends, all, ordinals(size));
    }
  }

  /**
   * As many users, items and events as MovieLens-1M has, histories of as different lengths, few
   * popular items, and mostly a next item near the one before. A user has no item twice.
   */
  static Interactions synthetic(Seed seed) {
    return synthetic(USERS, ITEMS, EVENTS, seed);
  }

  /** The same of another size; short of an event where a user has had everything. */
  static Interactions synthetic(int users, int items, int events, Seed seed) {
    RandomGenerator random = seed.generator("training-data");
    int[] offsets = new int[users + 1];
    double[] shares = new double[users];
    Arrays.setAll(shares, user -> Math.exp(SPREAD * random.nextGaussian()));
    double total = Arrays.stream(shares).sum();
    int shortest = Math.min(SHORTEST, events / users);
    double free = events - (double) shortest * users;
    double given = 0;
    for (int user = 0; user < users; user++) {
      given += free * shares[user] / total;
      int end = shortest * (user + 1) + (int) Math.round(given);
      offsets[user + 1] = offsets[user] + Math.min(items, end - offsets[user]);
    }
    int[] chosen = new int[offsets[users]];
    for (int user = 0; user < users; user++) {
      fill(chosen, offsets[user], offsets[user + 1], items, random);
    }
    return new Interactions(items, offsets, chosen, ordinals(chosen.length));
  }

  private static void fill(int[] chosen, int from, int to, int items, RandomGenerator random) {
    boolean[] had = new boolean[items];
    int item = popular(items, random);
    for (int e = from; e < to; e++) {
      item =
          random.nextInt(10) < 6 ? (item + 1 + random.nextInt(8)) % items : popular(items, random);
      while (had[item]) {
        item = (item + 1) % items;
      }
      had[item] = true;
      chosen[e] = item;
    }
  }

  private static int popular(int items, RandomGenerator random) {
    return (int) (items * Math.pow(random.nextDouble(), 2));
  }

  private static long[] ordinals(int size) {
    return IntStream.range(0, size).mapToLong(e -> e).toArray();
  }

  /** How many different pairs of user and item there are. */
  static int pairs(Interactions interactions) {
    int pairs = 0;
    for (int user = 0; user < interactions.userCount(); user++) {
      pairs +=
          (int)
              Arrays.stream(
                      interactions.items(),
                      interactions.userOffsets()[user],
                      interactions.userOffsets()[user + 1])
                  .distinct()
                  .count();
    }
    return pairs;
  }
}
