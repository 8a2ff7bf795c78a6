package io.winnow.lifecycle.tuning;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The trials of a search, on disk: JSON, one line each, of which the first says what is searched. A
 * line counts when it is on disk, newline and all; what a killed process left of the next one is
 * cut off. One process at a time has a journal: the one that holds the lock of {@code journal.lock}
 * beside it, which stays. The lock has a file of its own because a process's locks of a file end on
 * Linux when it closes any descriptor of it. For the same reason a second opening within a process,
 * which is refused, ends the lock towards other processes: whoever embeds a search opens once.
 *
 * <p>Not thread-safe.
 */
final class TuningJournal implements AutoCloseable {
  private static final long BYTES_MAX = 256L << 20;
  private static final String LOCK = "journal.lock";
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final Path file;
  private final FileChannel lock;
  private final FileChannel channel;
  private final Map<String, Trial> trials = new LinkedHashMap<>();

  /**
   * A trial that ended.
   *
   * @param id names it within the search
   * @param settings what was tried beyond the base
   * @param share of the full training that it got, (0, 1]
   * @param score what it reached; null if the training failed
   * @param seconds how long it took
   * @param failure why it failed; null if it did not
   */
  record Trial(
      String id,
      Map<String, String> settings,
      double share,
      @Nullable Double score,
      double seconds,
      @Nullable String failure) {
    /** Copies the settings, keeping their order. */
    Trial {
      settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
    }
  }

  private TuningJournal(Path file, FileChannel lock, FileChannel channel) {
    this.file = file;
    this.lock = lock;
    this.channel = channel;
  }

  /**
   * Opens a journal, or begins one.
   *
   * @param search what is searched: names and values that must be the same when the search goes on
   * @throws WinnowException with {@code INVALID_ARGUMENT} and each difference if the journal is of
   *     another search; {@code UNAVAILABLE} if another process has it; {@code CORRUPT} if a whole
   *     line is not what was written
   */
  static TuningJournal open(Path file, Map<String, String> search) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      FileChannel lock = locked(file);
      try {
        return read(file, lock, search);
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
    } catch (IOException e) {
      throw unavailable(file, e);
    }
  }

  private static FileChannel locked(Path file) throws IOException {
    FileChannel lock =
        FileChannel.open(
            file.resolveSibling(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    boolean locked = false;
    try {
      locked = lock.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // This process has it already: refused below.
    } finally {
      if (!locked) {
        lock.close();
      }
    }
    if (!locked) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, file + ": in use (expected: one search at a time)");
    }
    return lock;
  }

  private static TuningJournal read(Path file, FileChannel lock, Map<String, String> search)
      throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      TuningJournal journal = new TuningJournal(file, lock, channel);
      journal.read(search);
      return journal;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private void read(Map<String, String> search) throws IOException {
    if (channel.size() > BYTES_MAX) {
      throw new WinnowException(
          ErrorCode.TOO_LARGE, file + ": " + channel.size() + " bytes (at most " + BYTES_MAX + ")");
    }
    ByteBuffer content = ByteBuffer.allocate((int) channel.size());
    while (content.hasRemaining() && channel.read(content) >= 0) {
      // Read until the end.
    }
    byte[] bytes = Arrays.copyOf(content.array(), content.position());
    int whole = bytes.length;
    while (whole > 0 && bytes[whole - 1] != '\n') {
      whole--;
    }
    channel.truncate(whole);
    channel.position(whole);
    List<String> lines = new String(bytes, 0, whole, StandardCharsets.UTF_8).lines().toList();
    if (lines.isEmpty()) {
      append(JSON.writeValueAsString(Map.of("search", search)));
      return;
    }
    compare(parse(1, lines.getFirst()).path("search"), search);
    for (int i = 1; i < lines.size(); i++) {
      Trial trial = trial(i + 1, parse(i + 1, lines.get(i)));
      trials.put(trial.id(), trial);
    }
  }

  private JsonNode parse(int line, String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw corrupt(line);
    }
  }

  private Trial trial(int line, JsonNode node) {
    try {
      Trial trial = JSON.treeToValue(node, Trial.class);
      if (trial.share() > 0 && trial.seconds() >= 0) {
        return trial;
      }
    } catch (JsonProcessingException | RuntimeException e) {
      throw corrupt(line);
    }
    throw corrupt(line);
  }

  private WinnowException corrupt(int line) {
    return new WinnowException(
        ErrorCode.CORRUPT,
        file
            + ":"
            + line
            + ": not a trial (expected: a line as it was written; delete the file to"
            + " begin anew)");
  }

  private void compare(JsonNode written, Map<String, String> search) {
    if (!written.isObject()) {
      throw corrupt(1);
    }
    Map<String, String> old =
        JSON.convertValue(written, new TypeReference<LinkedHashMap<String, String>>() {});
    List<Problem> problems = new ArrayList<>();
    search.forEach((name, value) -> {
      String before = old.get(name);
      if (!value.equals(before)) {
        problems.add(
            new Problem(
                name,
                value,
                Objects.requireNonNullElse(before, "absent")
                    + ", as in the journal; or another folder",
                file.toString()));
      }
    });
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  /** The trials that ended, by id, in the order in which they first did. */
  Map<String, Trial> trials() {
    return Collections.unmodifiableMap(trials);
  }

  /** Adds a trial; it is on disk when this returns. */
  void add(Trial trial) {
    try {
      append(JSON.writeValueAsString(trial));
      trials.put(trial.id(), trial);
    } catch (IOException e) {
      throw unavailable(file, e);
    }
  }

  private void append(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(true);
  }

  private static WinnowException unavailable(Path file, IOException e) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, "cannot write " + file + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try (lock) {
      channel.close();
    } catch (IOException e) {
      throw unavailable(file, e);
    }
  }
}
