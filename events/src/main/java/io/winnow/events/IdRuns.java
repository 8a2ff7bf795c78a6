package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of an id index, and the thread that merges them.
 *
 * <p>When {@value #MERGED_RUNS} files are of about the same size (within a factor of four), they
 * become one: so an id is rewritten once for each power of four by which the log is longer than a
 * table, and there are at most three files for each: ten, on the average, for a hundred million
 * ids. No id is in two files, so their order does not matter. The manifest says which files count
 * and is replaced as a whole; a file that it does not name is the remains of a crash and is deleted
 * on opening.
 *
 * <p>{@link #add} is for one thread, reading for another; merging goes on beside both.
 */
final class IdRuns implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(IdRuns.class);

  private static final int MERGED_RUNS = 4;
  private static final int SIZE_CLASS_BITS = 2;

  /** Entries have int numbers within a file. */
  private static final long ENTRIES_MAX = 1L << 30;

  private static final int CLOSING_CHECK_INTERVAL = 4096;
  private static final String SUFFIX = ".ids";

  private final Path folder;
  private final ExecutorService merger =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("event-id-merger").daemon().factory());

  /** Files that no longer count; whoever reads closes them when it has let go of them. */
  private final ConcurrentLinkedQueue<IdRun> retired = new ConcurrentLinkedQueue<>();

  private volatile List<IdRun> current;
  private volatile boolean closing;
  private volatile @Nullable IOException failure;

  /** Guarded by this object, as is every change of {@link #current}. */
  private IdManifest manifest;

  private boolean merging;

  private IdRuns(Path folder, IdManifest manifest, List<IdRun> runs) {
    this.folder = folder;
    this.manifest = manifest;
    this.current = List.copyOf(runs);
  }

  /**
   * Opens the files that a manifest names and deletes the others.
   *
   * @throws IOException if a file is missing or damaged
   */
  static IdRuns open(Path folder, IdManifest manifest) throws IOException {
    List<IdRun> runs = new ArrayList<>();
    try {
      for (long number : manifest.runs()) {
        runs.add(IdRun.open(path(folder, number)));
      }
      manifest.deleteOthers(folder, runs.stream().map(IdRun::path).toList());
    } catch (IOException | RuntimeException e) {
      runs.forEach(IdRun::close);
      throw e;
    }
    IdRuns opened = new IdRuns(folder, manifest, runs);
    opened.mergeIfMany();
    return opened;
  }

  private static Path path(Path folder, long number) {
    return folder.resolve("%019d%s".formatted(number, SUFFIX));
  }

  /**
   * The files to read now, for the one thread that reads; those of the last call are not to be read
   * again.
   *
   * @throws IOException if merging failed
   */
  List<IdRun> current() throws IOException {
    IOException failed = failure;
    if (failed != null) {
      throw new IOException(folder + ": merging failed", failed);
    }
    // What is retired by now is in no list that is read from here on.
    for (IdRun run = retired.poll(); run != null; run = retired.poll()) {
      run.close();
    }
    return current;
  }

  /**
   * Writes a table to a file, unless it is empty; then the files contain the log up to an offset.
   *
   * @param dropped all dropped offsets up to there
   */
  void add(IdTable table, long appliedOffset, List<Long> dropped) throws IOException {
    if (table.size() == 0) {
      install(List.of(), null, appliedOffset, dropped);
      return;
    }
    Path path = nextPath();
    try (IdRunWriter writer = new IdRunWriter(path, table.size())) {
      long[] entries = table.sorted();
      for (int at = 0; at < entries.length; at += IdTable.ENTRY_LONGS) {
        writer.add(entries[at], entries[at + 1], entries[at + 2], entries[at + 3]);
      }
      writer.finish();
    }
    install(List.of(), IdRun.open(path), appliedOffset, dropped);
    mergeIfMany();
  }

  private synchronized Path nextPath() {
    manifest = manifest.withNextNumber();
    return path(folder, manifest.nextNumber() - 1);
  }

  private synchronized void merged(List<IdRun> replaced, IdRun added) throws IOException {
    install(replaced, added, manifest.appliedOffset(), manifest.dropped());
  }

  /** Puts a file in the place of others, first on the medium, then in memory. */
  private synchronized void install(
      List<IdRun> replaced, @Nullable IdRun added, long appliedOffset, List<Long> dropped)
      throws IOException {
    List<IdRun> runs = new ArrayList<>(current);
    runs.removeAll(replaced);
    if (added != null) {
      runs.add(added);
    }
    IdManifest next =
        manifest.with(
            runs.stream().map(run -> number(run.path())).toList(), appliedOffset, dropped);
    next.write(folder);
    manifest = next;
    current = List.copyOf(runs);
    for (IdRun run : replaced) {
      Files.delete(run.path());
      retired.add(run);
    }
  }

  private static long number(Path path) {
    String name = path.getFileName().toString();
    return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
  }

  private synchronized void mergeIfMany() {
    List<IdRun> alike = alike();
    if (merging || alike.isEmpty() || closing) {
      return;
    }
    merging = true;
    try {
      merger.execute(() -> merge(alike));
    } catch (RejectedExecutionException e) {
      merging = false;
    }
  }

  /** Enough files of one size to merge, the smallest size first; or none. */
  private List<IdRun> alike() {
    Map<Integer, List<IdRun>> bySize = new TreeMap<>();
    for (IdRun run : current) {
      int log2 = Long.SIZE - 1 - Long.numberOfLeadingZeros(run.entries());
      List<IdRun> same = bySize.computeIfAbsent(log2 / SIZE_CLASS_BITS, _ -> new ArrayList<>());
      same.add(run);
      if (same.size() == MERGED_RUNS
          && same.stream().mapToLong(IdRun::entries).sum() <= ENTRIES_MAX) {
        return same;
      }
    }
    return List.of();
  }

  private void merge(List<IdRun> runs) {
    try {
      Path path = nextPath();
      if (write(runs, path)) {
        merged(runs, IdRun.open(path));
      } else {
        Files.delete(path);
      }
      synchronized (this) {
        merging = false;
        mergeIfMany();
      }
    } catch (IdRun.DamagedException e) {
      failure = e;
    } catch (IOException e) {
      // As with a full disk: nothing is lost but time, and the next file brings the next attempt.
      log.warn("{}: {} files of ids stay as they are", folder, runs.size(), e);
      synchronized (this) {
        merging = false;
      }
    } catch (RuntimeException | Error e) {
      failure = new IOException("a defect", e);
    }
  }

  /** Writes the entries of some files as one; false if that was given up to close. */
  private boolean write(List<IdRun> runs, Path path) throws IOException {
    long count = runs.stream().mapToLong(IdRun::entries).sum();
    List<IdRun.Cursor> cursors = new ArrayList<>();
    for (IdRun run : runs) {
      IdRun.Cursor cursor = run.cursor();
      if (cursor.next()) {
        cursors.add(cursor);
      }
    }
    try (IdRunWriter writer = new IdRunWriter(path, count)) {
      for (long written = 0; !cursors.isEmpty(); written++) {
        if (written % CLOSING_CHECK_INTERVAL == 0 && closing) {
          return false;
        }
        int least = least(cursors);
        IdRun.Cursor cursor = cursors.get(least);
        writer.add(cursor.high(), cursor.low(), cursor.offset(), cursor.content());
        if (!cursor.next()) {
          cursors.remove(least);
        }
      }
      writer.finish();
    }
    return true;
  }

  private static int least(List<IdRun.Cursor> cursors) {
    int least = 0;
    long high = cursors.getFirst().high();
    long low = cursors.getFirst().low();
    for (int i = 1; i < cursors.size(); i++) {
      IdRun.Cursor cursor = cursors.get(i);
      int order = Long.compareUnsigned(cursor.high(), high);
      if (order < 0 || (order == 0 && Long.compareUnsigned(cursor.low(), low) < 0)) {
        least = i;
        high = cursor.high();
        low = cursor.low();
      }
    }
    return least;
  }

  /** Waits until nothing is left to merge; for tests, which then find the files at rest. */
  void awaitMerged() throws IOException {
    boolean idle = false;
    while (!idle) {
      try {
        merger.submit(() -> {}).get();
      } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
        throw new IOException(e);
      }
      synchronized (this) {
        idle = !merging;
      }
    }
  }

  /** Gives up a merge that goes on, and lets go of the files. */
  @Override
  public void close() {
    closing = true;
    merger.close();
    for (IdRun run : retired) {
      run.close();
    }
    current.forEach(IdRun::close);
  }
}
