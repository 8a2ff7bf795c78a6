package io.winnow.benchmarks.crash;

import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Kills a writing process many times and compares the log with what was acknowledged.
 *
 * <p>Each round starts a worker whose writers go on a little before their last acknowledged event,
 * as clients do that send again what they are not sure of. It is killed after a seeded number of
 * acknowledgements, or, every fifth time, while it opens the log. Then, two rounds of three, the
 * log is opened here: each acknowledged event must be in it, none twice, and the derived state as
 * it was found and caught up must equal a state built from the whole log. In the third round the
 * next worker meets the crash's remains itself.
 */
public final class CrashBenchmark {
  /** So many acknowledged events are sent again after a crash. */
  private static final int SENT_AGAIN = 50;

  private final Config config;
  private final DerivedState.Factory factory;
  private final Supplier<DerivedState> replayed;
  private final RandomGenerator random;

  /** By writer, the numbers of acknowledged events. */
  private final List<BitSet> acknowledged = new ArrayList<>();

  private long lost;
  private long doubled;
  private long differences;

  /**
   * What to run.
   *
   * @param kills how many
   * @param folder takes the log and the state; must be empty or missing
   * @param writers threads that append at the same time
   * @param acknowledgementsMax a worker is killed at the latest after so many calls
   * @param seed of the moments and batch sizes
   * @param workerCommand starts a process whose main method calls {@link CrashWorker#run}; its
   *     arguments are added
   */
  public record Config(
      int kills,
      Path folder,
      int writers,
      int acknowledgementsMax,
      Seed seed,
      List<String> workerCommand) {
    /** Copies the command. */
    public Config {
      if (kills < 1) {
        throw WinnowException.invalid("kills", kills, ">= 1");
      }
      if (writers < 1 || writers > 64) {
        throw WinnowException.invalid("writers", writers, "1 to 64");
      }
      if (acknowledgementsMax < 1) {
        throw WinnowException.invalid("acknowledgements_max", acknowledgementsMax, ">= 1");
      }
      workerCommand = List.copyOf(workerCommand);
    }
  }

  /**
   * What was found; the names are those of the benchmark's figures.
   *
   * @param acknowledged events whose acknowledgement was read
   * @param lost of them, those that are not in the log
   * @param doubled ids that the log holds more than once, counted once for each check
   * @param replayDifferences values in which the derived state differed from a replay, over all
   *     checks
   */
  public record Figures(
      int kills, long acknowledged, long lost, long doubled, long replayDifferences) {
    /** Whether the log kept its promise. */
    public boolean holds() {
      return lost == 0 && doubled == 0 && replayDifferences == 0;
    }
  }

  private CrashBenchmark(
      Config config, DerivedState.Factory factory, Supplier<DerivedState> replayed) {
    this.config = config;
    this.factory = factory;
    this.replayed = replayed;
    this.random = config.seed().generator("crash");
    for (int w = 0; w < config.writers(); w++) {
      acknowledged.add(new BitSet());
    }
  }

  /** A command for {@link Config} that runs a main class on this process's Java and class path. */
  public static List<String> javaCommand(Class<?> mainClass) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "--add-modules",
        "jdk.incubator.vector",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        mainClass.getName());
  }

  /**
   * Runs it to the end.
   *
   * @param factory the same as the worker's
   * @param replayed makes an empty state, into which the whole log is replayed
   * @throws IOException if a process cannot be started or files cannot be written
   */
  public static Figures run(
      Config config, DerivedState.Factory factory, Supplier<DerivedState> replayed)
      throws IOException {
    return new CrashBenchmark(config, factory, replayed).run();
  }

  private Figures run() throws IOException {
    Files.createDirectories(config.folder());
    for (int kill = 0; kill < config.kills(); kill++) {
      boolean whileOpening = kill % 5 == 4;
      killOnce(whileOpening ? 0 : 1 + random.nextInt(config.acknowledgementsMax()));
      if (kill % 3 != 2 || kill == config.kills() - 1) {
        check();
      }
    }
    long all = acknowledged.stream().mapToLong(BitSet::cardinality).sum();
    return new Figures(config.kills(), all, lost, doubled, differences);
  }

  /** Starts a worker, reads so many acknowledgements, kills it, and reads what it still said. */
  private void killOnce(int acknowledgements) throws IOException {
    List<String> command = new ArrayList<>(config.workerCommand());
    command.add(config.folder().toString());
    command.add(Long.toString(random.nextLong()));
    for (BitSet numbers : acknowledged) {
      command.add(Integer.toString(Math.max(0, numbers.length() - SENT_AGAIN)));
    }
    Process worker =
        new ProcessBuilder(command)
            .redirectError(config.folder().resolve("worker-errors.txt").toFile())
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(worker.getInputStream(), StandardCharsets.US_ASCII))) {
      int read = 0;
      String line = out.readLine();
      while (line != null && !line.equals("opening")) {
        line = out.readLine();
      }
      while (read < acknowledgements) {
        line = out.readLine();
        if (line == null) {
          throw new IOException(
              "the worker ended by itself: "
                  + Files.readString(config.folder().resolve("worker-errors.txt")));
        }
        read += acknowledge(line) ? 1 : 0;
      }
      // SIGKILL by the handle: Process's own method closes the stream with what was still said.
      worker.toHandle().destroyForcibly();
      for (line = out.readLine(); line != null; line = out.readLine()) {
        acknowledge(line);
      }
    } finally {
      worker.destroyForcibly();
      awaitEnd(worker);
    }
  }

  private static void awaitEnd(Process worker) throws IOException {
    try {
      worker.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private boolean acknowledge(String line) {
    // The last line may have been cut off by the kill: only one with three whole numbers counts,
    // and the count has its closing mark.
    String[] parts = line.split(" ", -1);
    if (parts.length != 4 || !parts[3].equals(".")) {
      return false;
    }
    int first = Integer.parseInt(parts[1]);
    acknowledged.get(Integer.parseInt(parts[0])).set(first, first + Integer.parseInt(parts[2]));
    return true;
  }

  /** Opens the log as the crash left it and compares. */
  private void check() throws IOException {
    List<BitSet> found = new ArrayList<>();
    acknowledged.forEach(numbers -> found.add(new BitSet()));
    try (DerivedState state = factory.open(CrashWorker.state(config.folder()));
        EventLog log = CrashWorker.open(config.folder(), state);
        DerivedState fresh = replayed.get()) {
      Replay replay = new Replay(found, fresh);
      log.replay(replay::visit);
      replay.flush();
      doubled += replay.doubled;
      differences += differences(state.values(), fresh.values());
    }
    for (int w = 0; w < acknowledged.size(); w++) {
      BitSet missing = (BitSet) acknowledged.get(w).clone();
      missing.andNot(found.get(w));
      lost += missing.cardinality();
    }
  }

  private static long differences(Map<String, String> left, Map<String, String> right) {
    Set<String> keys = new HashSet<>(left.keySet());
    keys.addAll(right.keySet());
    return keys.stream().filter(key -> !Objects.equals(left.get(key), right.get(key))).count();
  }

  /** Counts the log's events and feeds a fresh state. */
  private static final class Replay {
    private static final int BATCH = 1000;

    private final List<BitSet> found;
    private final DerivedState state;
    private final List<LogRecord> records = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private long doubled;

    Replay(List<BitSet> found, DerivedState state) {
      this.found = found;
      this.state = state;
    }

    void visit(long offset, LogRecord logRecord) {
      String id = id(logRecord);
      if (id != null) {
        BitSet numbers = found.get(CrashEvents.writer(id));
        int number = CrashEvents.number(id);
        doubled += numbers.get(number) ? 1 : 0;
        numbers.set(number);
      }
      records.add(logRecord);
      offsets.add(offset);
      if (records.size() == BATCH) {
        flush();
      }
    }

    private static @Nullable String id(LogRecord logRecord) {
      return logRecord instanceof LogRecord.Happened happened ? happened.event().id() : null;
    }

    void flush() {
      if (!records.isEmpty()) {
        state.apply(offsets.stream().mapToLong(o -> o).toArray(), List.copyOf(records));
        records.clear();
        offsets.clear();
      }
    }
  }
}
