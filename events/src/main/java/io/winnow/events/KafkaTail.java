package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the topic: one thread that reads every record in order, decides which are the first of
 * their id, and feeds the id index and the folds. What it decides depends on the records alone, so
 * every server that follows the topic decides the same.
 *
 * <p>It drops an event whose id an earlier offset has, whatever its content, and a record that
 * cannot be decoded, and writes the offsets of both to the index, so that replays leave them out
 * without looking.
 */
final class KafkaTail implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KafkaTail.class);

  private static final Duration POLL = Duration.ofMillis(500);
  private static final int FETCH_WAIT_MS = 500;
  private static final long RETRY_MS = 500;

  private final KafkaTopic topic;
  private final IdIndex index;
  private final Folds folds;
  private final Progress progress;
  private final Consumer<byte[], byte[]> consumer;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread thread;
  private volatile @Nullable String trouble;
  private final AtomicLong undecodable = new AtomicLong();

  KafkaTail(KafkaTopic topic, IdIndex index, Folds folds, Progress progress) {
    this.topic = topic;
    this.index = index;
    this.folds = folds;
    this.progress = progress;
    this.consumer = topic.newConsumer(FETCH_WAIT_MS);
    this.thread = Thread.ofPlatform().name("event-log-tail").daemon().unstarted(this::follow);
  }

  /**
   * Brings the index and the folds up to an offset, in the caller's thread.
   *
   * @param withinMs how long to go on without a record
   */
  void catchUp(long end, long withinMs) throws IOException {
    long from = folds.lowestAppliedOffset(index.appliedOffset());
    consumer.seek(topic.partition(), from);
    long deadline = Progress.deadline(withinMs);
    while (consumer.position(topic.partition()) < end) {
      if (step()) {
        deadline = Progress.deadline(withinMs);
      } else if (System.nanoTime() > deadline) {
        throw new WinnowException(
            ErrorCode.UNAVAILABLE,
            "event log: topic %s gave nothing at offset %d within %d ms (expected: up to %d)"
                .formatted(topic.name(), consumer.position(topic.partition()), withinMs, end));
      }
    }
    progress.advance(Math.max(progress.endOffset(), end));
    if (from < end) {
      log.info("event log: replayed offsets {} to {} on opening", from, end);
    }
  }

  void start() {
    thread.start();
  }

  /** Why nothing is read at present, or null. */
  @Nullable String trouble() {
    return trouble;
  }

  /** How many records could not be decoded since opening. */
  long undecodable() {
    return undecodable.get();
  }

  private void follow() {
    while (closing.getCount() > 0) {
      try {
        step();
        trouble = null;
      } catch (WakeupException e) {
        // Closing.
      } catch (InvalidOffsetException e) {
        progress.refuse(
            "topic %s no longer holds offset %d: it was deleted, cut or cleaned; open the log anew"
                .formatted(topic.name(), progress.endOffset()),
            e);
        return;
      } catch (IOException e) {
        progress.refuse("the id index failed; open the log anew", e);
        return;
      } catch (FoldFailedException e) {
        // The records are in Kafka, but not in every fold: only a replay brings them together.
        progress.refuse("a fold failed; open the log anew", e.getCause());
        return;
      } catch (KafkaException e) {
        if (trouble == null) {
          log.warn("event log: topic {} cannot be read; trying again", topic.name(), e);
        }
        trouble = "topic %s cannot be read: %s".formatted(topic.name(), e);
        pause();
      } catch (RuntimeException | Error e) {
        progress.refuse("reading topic %s failed; open the log anew".formatted(topic.name()), e);
        return;
      }
    }
  }

  private void pause() {
    try {
      closing.await(RETRY_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes in what has arrived, after waiting for it a while; false if nothing has. */
  private boolean step() throws IOException {
    List<ConsumerRecord<byte[], byte[]>> arrived = consumer.poll(POLL).records(topic.partition());
    if (arrived.isEmpty()) {
      return false;
    }
    Batch batch = new Batch(arrived);
    batch.index();
    try {
      batch.feedFolds();
    } catch (RuntimeException e) {
      throw new FoldFailedException(e);
    }
    progress.advance(batch.next);
    return true;
  }

  /** A fold threw. */
  private static final class FoldFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    FoldFailedException(RuntimeException cause) {
      super(cause);
    }
  }

  /** Records that arrived together, as they are decided. */
  private final class Batch {
    private final long indexed = index.appliedOffset();
    private final long next;
    private final int size;
    private final long[] offsets;

    /** Null for one that is left out. */
    private final @Nullable LogRecord[] records;

    private final long[] identities;

    Batch(List<ConsumerRecord<byte[], byte[]>> arrived) {
      size = arrived.size();
      next = arrived.getLast().offset() + 1;
      offsets = new long[size];
      records = new LogRecord[size];
      identities = new long[EventIdentity.LONGS * size];
      Set<Long> dropped =
          new HashSet<>(index.dropped(arrived.getFirst().offset(), Math.min(next, indexed)));
      for (int i = 0; i < size; i++) {
        ConsumerRecord<byte[], byte[]> one = arrived.get(i);
        offsets[i] = one.offset();
        if (dropped.contains(one.offset())) {
          continue;
        }
        records[i] = decode(one);
        if (one.offset() >= indexed && records[i] != null) {
          byte[] value = one.value();
          index.identity().of(value, 0, value.length, identities, EventIdentity.LONGS * i);
        }
      }
    }

    /** Decides what the index has not seen: which are the first of their id. */
    void index() throws IOException {
      if (next <= indexed) {
        return;
      }
      IdIndex.@Nullable Entry @Nullable [] earlier = index.replayed(identities, offsets, size);
      for (int i = 0; i < size; i++) {
        if (earlier != null && earlier[i] != null) {
          records[i] = null;
        }
        if (records[i] == null && offsets[i] >= indexed) {
          index.drop(offsets[i]);
        }
      }
      index.commit(next);
    }

    void feedFolds() {
      List<LogRecord> kept = new ArrayList<>(size);
      long[] keptOffsets = new long[size];
      for (int i = 0; i < size; i++) {
        LogRecord one = records[i];
        if (one != null) {
          keptOffsets[kept.size()] = offsets[i];
          kept.add(one);
        }
      }
      folds.apply(Arrays.copyOf(keptOffsets, kept.size()), Collections.unmodifiableList(kept));
    }

    private @Nullable LogRecord decode(ConsumerRecord<byte[], byte[]> arrived) {
      try {
        byte[] value = arrived.value();
        if (value == null) {
          throw new WinnowException(ErrorCode.CORRUPT, "no value");
        }
        return LogCodec.decode(value);
      } catch (RuntimeException e) {
        log.error(
            "event log: topic {} holds no record at offset {}: skipped, as {} since opening",
            topic.name(),
            arrived.offset(),
            undecodable.incrementAndGet(),
            e);
        return null;
      }
    }
  }

  /** Stops reading; the index and the folds are as of {@link Progress#endOffset()}. */
  @Override
  public void close() {
    closing.countDown();
    consumer.wakeup();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    consumer.close(CloseOptions.timeout(Duration.ZERO));
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
