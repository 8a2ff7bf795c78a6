package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Reads ranges of the topic that the tail has seen. Thread-safe: several may read at once, each
 * with a consumer of its own. A consumer that has finished waits where it stands, with what it has
 * fetched, for whoever goes on from there.
 */
final class KafkaReplays implements AutoCloseable {
  /** One more replay waits. */
  private static final int ACTIVE_MAX = 16;

  private static final int IDLE_MAX = 8;

  /** What is asked for is there. */
  private static final int FETCH_WAIT_MS = 5;

  private static final Duration POLL = Duration.ofMillis(500);

  private final KafkaTopic topic;
  private final IdIndex index;
  private final long withinMs;
  private final Semaphore slots = new Semaphore(ACTIVE_MAX);
  private final Object lock = new Object();

  /** The longest idle first. */
  private final ArrayDeque<Cursor> idle = new ArrayDeque<>();

  private final Set<Cursor> active = new HashSet<>();
  private boolean closed;

  /**
   * Nothing is connected yet.
   *
   * @param withinMs how long a replay goes on without a record
   */
  KafkaReplays(KafkaTopic topic, IdIndex index, long withinMs) {
    this.topic = topic;
    this.index = index;
    this.withinMs = withinMs;
  }

  /** Visits what is in {@code [from, until)} and was not dropped; the tail has seen all of it. */
  void replay(long from, long until, RecordSource.Visitor visitor) {
    try {
      slots.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: interrupted in a replay", e);
    }
    try {
      Cursor cursor = take(from);
      boolean finished = false;
      try {
        cursor.read(from, until, visitor);
        finished = true;
      } finally {
        giveBack(cursor, finished);
      }
    } finally {
      slots.release();
    }
  }

  private Cursor take(long from) {
    synchronized (lock) {
      if (closed) {
        throw closedFailure();
      }
      Cursor found = idle.size() == IDLE_MAX ? idle.getFirst() : null;
      for (Cursor cursor : idle) {
        if (cursor.next == from) {
          found = cursor;
        }
      }
      if (found == null) {
        found = new Cursor(topic.newConsumer(FETCH_WAIT_MS));
      } else {
        idle.remove(found);
      }
      active.add(found);
      return found;
    }
  }

  private void giveBack(Cursor cursor, boolean finished) {
    synchronized (lock) {
      active.remove(cursor);
      if (finished && !closed && idle.size() < IDLE_MAX) {
        idle.add(cursor);
        return;
      }
    }
    cursor.close();
  }

  private static WinnowException closedFailure() {
    return new WinnowException(ErrorCode.UNAVAILABLE, "event log: closed");
  }

  /** Breaks off what is being read. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      active.forEach(cursor -> cursor.consumer.wakeup());
    }
    slots.acquireUninterruptibly(ACTIVE_MAX);
    slots.release(ACTIVE_MAX);
    synchronized (lock) {
      idle.forEach(Cursor::close);
      idle.clear();
    }
  }

  /** A consumer and what it has fetched and not shown. One thread at a time. */
  private final class Cursor {
    private final Consumer<byte[], byte[]> consumer;
    private final ArrayDeque<ConsumerRecord<byte[], byte[]>> fetched = new ArrayDeque<>();
    private long next = -1;

    Cursor(Consumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
    }

    void read(long from, long until, RecordSource.Visitor visitor) {
      try {
        goTo(from);
        while (next < until) {
          if (fetched.isEmpty()) {
            fetch(until);
          }
          show(until, visitor);
        }
      } catch (KafkaException e) {
        synchronized (lock) {
          if (closed) {
            throw closedFailure();
          }
        }
        throw new WinnowException(
            ErrorCode.UNAVAILABLE,
            "event log: topic %s cannot be read at offset %d: %s".formatted(topic.name(), next, e),
            e);
      }
    }

    /** Goes on with what was fetched if that reaches the offset. */
    private void goTo(long from) {
      if (next > from) {
        fetched.clear();
      }
      while (!fetched.isEmpty() && fetched.getFirst().offset() < from) {
        fetched.removeFirst();
      }
      if (next != from && fetched.isEmpty()) {
        consumer.seek(topic.partition(), from);
      }
      next = from;
    }

    /** Waits for records, or for the consumer to pass offsets that hold none. */
    private void fetch(long until) {
      long deadline = Progress.deadline(withinMs);
      while (fetched.isEmpty() && next < until) {
        fetched.addAll(consumer.poll(POLL).records(topic.partition()));
        if (fetched.isEmpty()) {
          next = Math.max(next, Math.min(until, consumer.position(topic.partition())));
          if (next < until && System.nanoTime() > deadline) {
            throw new WinnowException(
                ErrorCode.UNAVAILABLE,
                "event log: topic %s gave nothing at offset %d within %d ms"
                    .formatted(topic.name(), next, withinMs));
          }
        }
      }
    }

    /** Shows what was fetched and lies in the range. */
    private void show(long until, RecordSource.Visitor visitor) {
      if (fetched.isEmpty()) {
        return;
      }
      long end = Math.min(until, fetched.getLast().offset() + 1);
      // Looked up now and not when they were fetched: the tail may not have seen them then.
      Iterator<Long> dropped = index.dropped(fetched.getFirst().offset(), end).iterator();
      long skip = dropped.hasNext() ? dropped.next() : Long.MAX_VALUE;
      while (!fetched.isEmpty() && fetched.getFirst().offset() < end) {
        ConsumerRecord<byte[], byte[]> one = fetched.removeFirst();
        next = one.offset() + 1;
        while (skip < one.offset()) {
          skip = dropped.hasNext() ? dropped.next() : Long.MAX_VALUE;
        }
        if (skip != one.offset()) {
          visitor.visit(one.offset(), LogCodec.decode(one.value()));
        }
      }
      next = end;
    }

    void close() {
      Closing.uninterrupted(() -> consumer.close(CloseOptions.timeout(Duration.ZERO)));
    }
  }
}
