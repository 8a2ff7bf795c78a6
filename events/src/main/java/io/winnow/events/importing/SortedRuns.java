package io.winnow.events.importing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Sorts more entries than fit into memory: collects as many as do, sorts them, writes them to a
 * file, and in the end merges the files (Knuth, The Art of Computer Programming, vol. 3, 5.4). One
 * thread.
 */
final class SortedRuns implements Closeable {
  /** What an entry takes beside its payload, on the heap of a 64-bit machine. */
  private static final int ENTRY_BYTES = 80;

  private static final int BUFFER_BYTES = 1 << 16;

  /**
   * An entry; ordered by major, then minor, then sequence.
   *
   * @param sequence distinct for each
   * @param payload owned by the entry
   */
  record Entry(long major, long minor, long sequence, byte[] payload) implements Comparable<Entry> {
    @Override
    public int compareTo(Entry other) {
      int order = Long.compare(major, other.major);
      order = order != 0 ? order : Long.compare(minor, other.minor);
      return order != 0 ? order : Long.compare(sequence, other.sequence);
    }
  }

  /** Receives entries in order. */
  interface Visitor {
    void visit(Entry entry) throws IOException;
  }

  private final Path folder;
  private final long memoryBytes;
  private final List<Path> runs = new ArrayList<>();
  private List<Entry> collected = new ArrayList<>();
  private long collectedBytes;

  /**
   * Makes an empty collection.
   *
   * @param folder takes the files; they are gone after {@link #close}
   * @param memoryBytes what the collected entries may take
   */
  SortedRuns(Path folder, long memoryBytes) {
    this.folder = folder;
    this.memoryBytes = memoryBytes;
  }

  void add(Entry entry) throws IOException {
    collected.add(entry);
    collectedBytes += ENTRY_BYTES + entry.payload().length;
    if (collectedBytes >= memoryBytes) {
      spill();
    }
  }

  /** How many files were written. */
  int runs() {
    return runs.size();
  }

  private void spill() throws IOException {
    collected.sort(null);
    Path run = Files.createTempFile(folder, "sort-", ".run");
    runs.add(run);
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(run), BUFFER_BYTES))) {
      for (Entry entry : collected) {
        out.writeLong(entry.major());
        out.writeLong(entry.minor());
        out.writeLong(entry.sequence());
        out.writeInt(entry.payload().length);
        out.write(entry.payload());
      }
    }
    collected = new ArrayList<>();
    collectedBytes = 0;
  }

  /** Visits all entries in order; nothing can be added afterwards. */
  void forEach(Visitor visitor) throws IOException {
    collected.sort(null);
    if (runs.isEmpty()) {
      for (Entry entry : collected) {
        visitor.visit(entry);
      }
      return;
    }
    if (!collected.isEmpty()) {
      spill();
    }
    List<Run> open = new ArrayList<>();
    try {
      PriorityQueue<Run> heads = new PriorityQueue<>();
      for (Path path : runs) {
        Run run = new Run(path);
        open.add(run);
        if (run.advance()) {
          heads.add(run);
        }
      }
      while (!heads.isEmpty()) {
        Run least = heads.remove();
        visitor.visit(least.head());
        if (least.advance()) {
          heads.add(least);
        }
      }
    } finally {
      for (Run run : open) {
        run.close();
      }
    }
  }

  /** A file that is read, with the entry it stands at. */
  private static final class Run implements Comparable<Run>, Closeable {
    private final DataInputStream in;
    private @Nullable Entry head;

    Run(Path path) throws IOException {
      in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES));
    }

    boolean advance() throws IOException {
      long major;
      try {
        major = in.readLong();
      } catch (EOFException e) {
        head = null;
        return false;
      }
      long minor = in.readLong();
      long sequence = in.readLong();
      byte[] payload = new byte[in.readInt()];
      in.readFully(payload);
      head = new Entry(major, minor, sequence, payload);
      return true;
    }

    Entry head() {
      if (head == null) {
        throw new IllegalStateException("at the end");
      }
      return head;
    }

    @Override
    public int compareTo(Run other) {
      return head().compareTo(other.head());
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  @Override
  public void close() throws IOException {
    collected = new ArrayList<>();
    for (Path run : runs) {
      Files.deleteIfExists(run);
    }
    runs.clear();
  }
}
