package io.winnow.features;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The embedded stores of one application on disk: usually one; two while another is computed beside
 * it.
 *
 * <pre>
 * lock                    held by the process that uses the folder
 * 0123456789abcdef/       one store, named by {@link HeldFeatures#hash}; -2 behind it if that is taken
 *   application.yaml      what it holds: the features of this application file
 *   needed-0.yaml …       and those of the application files of releases
 *   state/                the state, whole if it says up to which offset it goes
 * </pre>
 *
 * <p>A store that is not whole, because its computation was cut off, is deleted when the folder is
 * opened; so is everything that is not as above, since all of it can be computed again. One process
 * at a time. Thread-safe but for {@link #open}, which comes first.
 */
public final class StateFolders implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateFolders.class);
  private static final String APPLICATION = "application.yaml";
  private static final String NEEDED = "needed-";
  private static final String STATE = "state";
  private static final String LOCK = "lock";

  private final Path root;
  private final EmbeddedConfig config;
  private final FileChannel lockFile;
  private final FileLock lock;

  private StateFolders(Path root, EmbeddedConfig config, FileChannel lockFile, FileLock lock) {
    this.root = root;
    this.config = config;
    this.lockFile = lockFile;
    this.lock = lock;
  }

  /**
   * What a store was computed for, in the texts that say so.
   *
   * @param application whose features it holds
   * @param needed the application files of releases whose features it holds as well
   */
  public record Contents(ApplicationFile application, List<ApplicationFile> needed) {
    /** Copies the list. */
    public Contents {
      needed = List.copyOf(needed);
    }

    /** The features. */
    public HeldFeatures features() {
      return HeldFeatures.of(
          application.definition(),
          needed.stream().map(file -> FeatureSchema.of(file.definition())).toList());
    }
  }

  /**
   * An open store and what it was computed for.
   *
   * @param store owned by the receiver
   * @param folder where it lies
   */
  public record Opened(OnlineStore store, Contents contents, Path folder) {}

  /**
   * Takes hold of the folder, which is created if it is absent.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if another process has it or it cannot be
   *     written; nothing in it was changed then
   */
  public static StateFolders open(Path root, EmbeddedConfig config) {
    FileChannel channel = null;
    try {
      Files.createDirectories(root);
      channel =
          FileChannel.open(root.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return new StateFolders(root, config, channel, lock);
      }
      channel.close();
      throw inUse(root);
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel, e);
      throw inUse(root);
    } catch (IOException e) {
      closeQuietly(channel, e);
      throw unavailable(root, "cannot be opened", e);
    }
  }

  private static void closeQuietly(@Nullable FileChannel channel, Exception failure) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static WinnowException inUse(Path root) {
    return new WinnowException(ErrorCode.UNAVAILABLE, root + ": is in use by another process");
  }

  /**
   * Opens the store that fits best: one that holds all that is wanted, else the one that goes
   * furthest; empty if none is whole. The others are deleted.
   */
  public Optional<Opened> openBest(Contents wanted) {
    List<Opened> whole = new ArrayList<>();
    for (Path folder : entries()) {
      Opened opened = openIfWhole(folder);
      if (opened == null) {
        delete(folder);
      } else {
        whole.add(opened);
      }
    }
    Optional<Opened> best =
        whole.stream().max(Comparator.comparingLong(opened -> fitness(opened, wanted.features())));
    for (Opened opened : whole) {
      if (opened.folder.equals(best.orElseThrow().folder)) {
        continue;
      }
      opened.store.close();
      delete(opened);
    }
    return best;
  }

  /** What was made for just this is best, then what holds more, then what goes furthest. */
  private static long fitness(Opened opened, HeldFeatures wanted) {
    HeldFeatures held = opened.contents.features();
    long rank = held.hash() == wanted.hash() ? 2 : held.covers(wanted) ? 1 : 0;
    return (rank << 60) + opened.store.appliedOffset();
  }

  /** What the stores that are there were computed for, whole or not; for looking at them. */
  public static List<Contents> list(Path root) {
    List<Contents> contents = new ArrayList<>();
    for (Path folder : entries(root)) {
      try {
        contents.add(read(folder));
      } catch (WinnowException | IOException e) {
        LOG.debug("{} is no store", folder, e);
      }
    }
    return contents;
  }

  private @Nullable Opened openIfWhole(Path folder) {
    try {
      Contents contents = read(folder);
      FeaturePlan plan = FeaturePlan.of(contents.features());
      if (!folder.getFileName().toString().startsWith(name(contents))) {
        LOG.warn("{}: the state there was computed by other definitions and is discarded", folder);
        return null;
      }
      try (StateDatabase database =
          new StateDatabase(folder.resolve(STATE), plan.hash(), config.blockCacheBytes())) {
        if (database.appliedOffset() == 0) {
          return null;
        }
      }
      return new Opened(
          new EmbeddedOnlineStore(plan, folder.resolve(STATE), config), contents, folder);
    } catch (IOException e) {
      LOG.warn("{}: what is there is no state and is discarded: {}", folder, e.toString());
      return null;
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.UNAVAILABLE) {
        throw e;
      }
      LOG.warn("{}: the state there is not whole and is discarded: {}", folder, e.getMessage());
      return null;
    }
  }

  private static Contents read(Path folder) throws IOException {
    List<ApplicationFile> needed = new ArrayList<>();
    while (Files.exists(folder.resolve(NEEDED + needed.size() + ".yaml"))) {
      needed.add(parse(folder.resolve(NEEDED + needed.size() + ".yaml")));
    }
    return new Contents(parse(folder.resolve(APPLICATION)), needed);
  }

  /** The environment replaces nothing here: no feature and no event type can be replaced by it. */
  private static ApplicationFile parse(Path file) throws IOException {
    return ApplicationFile.parse(Files.readString(file), file.toString(), Map.of());
  }

  /** Opens an empty store. */
  public Opened create(Contents contents) {
    Path folder = newFolder(contents);
    return new Opened(
        new EmbeddedOnlineStore(FeaturePlan.of(contents.features()), folder.resolve(STATE), config),
        contents,
        folder);
  }

  /**
   * Computes a store from what the log holds now, on several threads.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if a feature does not fit
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public Opened compute(
      Contents contents, RecordSource log, int threads, BackfillProgress progress) {
    FeaturePlan plan = FeaturePlan.of(contents.features());
    Path folder = newFolder(contents);
    Path state = folder.resolve(STATE);
    boolean whole = false;
    try {
      new ParallelFold(plan, config, threads, progress).run(log, state);
      Opened opened = new Opened(new EmbeddedOnlineStore(plan, state, config), contents, folder);
      whole = true;
      return opened;
    } finally {
      if (!whole) {
        delete(folder);
      }
    }
  }

  /** Deletes a store that is closed. */
  public void delete(Opened closed) {
    delete(closed.folder);
  }

  private void delete(Path path) {
    StateDatabase.delete(path);
  }

  /** Makes a folder that says what is to be computed there. */
  private Path newFolder(Contents contents) {
    Path folder = root.resolve(name(contents));
    for (int n = 2; Files.exists(folder); n++) {
      folder = root.resolve(name(contents) + "-" + n);
    }
    try {
      Files.createDirectories(folder);
      for (int i = 0; i < contents.needed.size(); i++) {
        Files.writeString(folder.resolve(NEEDED + i + ".yaml"), contents.needed.get(i).text());
      }
      Files.writeString(folder.resolve(APPLICATION), contents.application.text());
      return folder;
    } catch (IOException e) {
      throw unavailable(folder, "cannot be written", e);
    }
  }

  private static String name(Contents contents) {
    return "%016x".formatted(contents.features().hash());
  }

  private List<Path> entries() {
    return entries(root);
  }

  private static List<Path> entries(Path root) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(entry -> !entry.getFileName().toString().equals(LOCK))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw unavailable(root, "cannot be listed", e);
    }
  }

  private static WinnowException unavailable(Path path, String what, IOException cause) {
    return new WinnowException(ErrorCode.UNAVAILABLE, path + ": " + what, cause);
  }

  @Override
  public void close() {
    if (!lockFile.isOpen()) {
      return;
    }
    try {
      lock.release();
      lockFile.close();
    } catch (IOException e) {
      throw unavailable(root, "cannot be let go", e);
    }
  }
}
