package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event log in a Kafka topic with one partition, whose offsets are the log's.
 *
 * <p>Any number of servers may write and follow one topic. A caller validates, encodes, and leaves
 * out what its own server's index knows; the rest is sent, and when Kafka has it on every replica
 * in sync, the caller waits until its own server's {@link KafkaTail} has read it back. The verdict
 * is what the index says then: the event that stands first under its id was accepted, and every
 * server says so. A caller that got an acknowledgement reads its own writes on its own server.
 *
 * <p>If Kafka does not answer, nothing is acknowledged; what was sent may be in the topic all the
 * same, and the caller who sends it again is told where. Here nothing is kept but the {@link
 * IdIndex}, beside a file that says which topic it is of; both can be deleted.
 */
final class KafkaEventLog implements EventLog {
  /** After so many answers in a row, a second apart, the topic is gone. */
  private static final int GONE_ANSWERS = 5;

  private static final Logger log = LoggerFactory.getLogger(KafkaEventLog.class);

  private static final int WATCH_EVERY_MS = 1000;
  private static final int WATCH_WITHIN_MS = 2000;

  private final KafkaLogConfig config;
  private final RecordPreparation preparation;
  private final FolderLock lock;
  private final KafkaTopic topic;
  private final IdIndex index;
  private final Progress progress = new Progress();
  private final KafkaTail tail;
  private final KafkaSender sender;
  private final KafkaReplays replays;
  private final Budget budget;
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("event-log-watch").daemon().factory());
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Why the last question to Kafka failed, or null if it was answered since. */
  private int goneInARow; // Of the watching thread.

  private volatile @Nullable String trouble;

  private KafkaEventLog(
      KafkaLogConfig config,
      RecordPreparation preparation,
      List<LogFold> folds,
      FolderLock lock,
      KafkaTopic topic,
      IdIndex index) {
    this.config = config;
    this.preparation = preparation;
    this.lock = lock;
    this.topic = topic;
    this.index = index;
    EventLogConfig.Limits limits = config.limits();
    budget = new Budget(limits.queueRecords(), limits.queueBytes(), "Kafka");
    tail = new KafkaTail(topic, index, new Folds(folds), progress);
    sender = new KafkaSender(topic);
    replays = new KafkaReplays(topic, index, config.answerWithinMs());
  }

  /** Finds or makes the topic, brings the id index and the folds up to its end, and follows it. */
  static KafkaEventLog open(
      KafkaLogConfig config, Supplier<Schema> schema, TimeSource clock, List<LogFold> folds) {
    Path folder = config.folder();
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      Files.createDirectories(folder);
      FolderLock lock = FolderLock.acquire(folder.resolve("lock"));
      opened.add(lock);
      KafkaTopic topic = KafkaTopic.open(config);
      opened.add(topic);
      forgetOtherTopic(folder, topic, folds);
      IdIndex index =
          IdIndex.open(folder.resolve("index"), topic.endOffset(), EventLogConfig.NEWEST_IDS);
      opened.add(index);
      RecordPreparation preparation =
          new RecordPreparation(config.limits(), schema, clock, index.identity());
      KafkaEventLog eventLog = new KafkaEventLog(config, preparation, folds, lock, topic, index);
      opened.clear();
      opened.add(eventLog);
      eventLog.tail.catchUp(topic.endOffset(), config.answerWithinMs());
      eventLog.tail.start();
      eventLog.watch.scheduleWithFixedDelay(
          eventLog::look, WATCH_EVERY_MS, WATCH_EVERY_MS, TimeUnit.MILLISECONDS);
      return eventLog;
    } catch (IOException e) {
      Closing.afterFailure(opened, e);
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot open " + folder, e);
    } catch (KafkaException e) {
      Closing.afterFailure(opened, e);
      throw KafkaTopic.unavailable(config, e);
    } catch (RuntimeException e) {
      Closing.afterFailure(opened, e);
      throw e;
    }
  }

  /**
   * Throws away what was derived from another topic, or from records that this one has lost, and
   * notes which topic the folder is of.
   */
  private static void forgetOtherTopic(Path folder, KafkaTopic topic, List<LogFold> folds)
      throws IOException {
    Path note = folder.resolve("topic");
    String noted = Files.exists(note) ? Files.readString(note).strip() : "";
    boolean another = !noted.isEmpty() && !noted.equals(topic.identity());
    for (LogFold fold : folds) {
      long applied = fold.storedOffset();
      if (applied > topic.endOffset()) {
        // Or a state that another server brings up to date has seen what came since.
        topic.askEndOffset();
      }
      if (applied > topic.endOffset() || (another && applied > 0)) {
        log.error(
            "{} has seen {} records of topic '{}'; topic '{}' ends at {}: it is rebuilt",
            fold.getClass().getName(),
            applied,
            noted,
            topic.identity(),
            topic.endOffset());
        fold.discard();
      }
    }
    if (!noted.equals(topic.identity())) {
      if (another) {
        log.error("{}: the index of topic '{}' is deleted", folder, noted);
      }
      IdIndex.delete(folder.resolve("index"));
      Path made = folder.resolve("topic.new");
      Files.writeString(made, topic.identity() + "\n");
      Files.move(made, note, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Looks whether Kafka serves the topic; once a second. */
  private void look() {
    KafkaTopic.State state = topic.state(WATCH_WITHIN_MS);
    goneInARow = state instanceof KafkaTopic.State.Gone ? goneInARow + 1 : 0;
    switch (state) {
      case KafkaTopic.State.Serving() -> trouble = null;
      case KafkaTopic.State.Troubled(String why) -> trouble = why;
      case KafkaTopic.State.Gone(String why) -> {
        trouble = why;
        // A broker that lags behind may not know a new topic yet: one answer is not enough.
        if (goneInARow >= GONE_ANSWERS) {
          progress.refuse(why + " while it was in use; open the log anew", null);
        }
      }
    }
  }

  @Override
  public List<Verdict> append(List<LogRecord> records) {
    Submission submission = preparation.prepare(records);
    int count = submission.candidates();
    if (count == 0) {
      return submission.verdicts();
    }
    progress.refusal().check();
    budget.reserve(count, submission.bytes());
    try {
      Call call = new Call(submission);
      call.send();
      call.awaitKafka();
      call.awaitTail();
      call.decide();
    } catch (IOException e) {
      throw progress.refuse("the id index cannot be read; open the log anew", e);
    } finally {
      budget.release(count, submission.bytes());
    }
    return submission.verdicts();
  }

  /** One append on its way. */
  private final class Call {
    private final Submission submission;
    private final long deadline = Progress.deadline(config.answerWithinMs());
    private final long endBefore = progress.endOffset();
    private final Producer<byte[], byte[]> producer = sender.producer();
    private final @Nullable Future<RecordMetadata>[] sent;

    /** By candidate; -1 for one that was not sent. */
    private final long[] offsets;

    /** The tail has to get here before the verdicts are known. */
    private long until;

    @SuppressWarnings({"unchecked", "rawtypes"}) // An array of a generic type.
    Call(Submission submission) {
      this.submission = submission;
      sent = new Future[submission.candidates()];
      offsets = new long[sent.length];
      Arrays.fill(offsets, -1);
    }

    /** Sends what neither the index nor this call has seen. */
    void send() throws IOException {
      long[] identities = submission.identities();
      Set<Id> ids = new HashSet<>();
      for (int i = 0; i < sent.length; i++) {
        int at = EventIdentity.LONGS * i;
        if (EventIdentity.isEvent(identities, at)) {
          IdIndex.Entry earlier = index.find(identities, at);
          if (earlier != null) {
            until = Math.max(until, earlier.offset() + 1);
            continue;
          }
          if (!ids.add(new Id(identities[at], identities[at + 1]))) {
            continue;
          }
        }
        try {
          sent[i] = sender.send(producer, submission.candidate(i), encoded(i));
        } catch (InterruptException e) {
          throw interrupted(e);
        } catch (RuntimeException e) {
          throw notTaken(e);
        }
        if (sent[i].state() == Future.State.FAILED) {
          // A producer that knows no broker blocks a while for each record: once is enough.
          throw notTaken(sent[i].exceptionNow());
        }
        if (System.nanoTime() - deadline > 0) {
          throw notTaken(new TimeoutException("Kafka takes records too slowly"));
        }
      }
    }

    private byte[] encoded(int candidate) {
      Frames frames = submission.frames();
      int from = frames.payloadFrom(candidate);
      return Arrays.copyOfRange(frames.array(), from, from + frames.payloadLength(candidate));
    }

    void awaitKafka() {
      for (int i = 0; i < sent.length; i++) {
        Future<RecordMetadata> future = sent[i];
        if (future == null) {
          continue;
        }
        try {
          long left = Math.max(0, deadline - System.nanoTime());
          offsets[i] = future.get(left, TimeUnit.NANOSECONDS).offset();
        } catch (ExecutionException e) {
          throw notTaken(e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
          throw notTaken(new org.apache.kafka.common.errors.TimeoutException("no answer", e));
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw interrupted(e);
        }
        if (offsets[i] < endBefore) {
          throw progress.refuse(
              "topic %s gave offset %d after %d: it was deleted or cut; open the log anew"
                  .formatted(topic.name(), offsets[i], endBefore),
              null);
        }
        until = Math.max(until, offsets[i] + 1);
      }
      trouble = null;
    }

    private static WinnowException interrupted(Exception cause) {
      return new WinnowException(
          ErrorCode.UNAVAILABLE,
          "event log: interrupted before the records were acknowledged; send them again",
          cause);
    }

    private WinnowException notTaken(Throwable cause) {
      sender.failed(producer, cause);
      String why =
          "Kafka at %s took no records within %d ms: %s"
              .formatted(config.kafka().bootstrapServers(), config.answerWithinMs(), cause);
      trouble = why;
      return new WinnowException(
          ErrorCode.UNAVAILABLE,
          "event log: " + why + "; send them again, what is in the log is known by its id",
          cause);
    }

    void awaitTail() {
      if (!progress.await(until, deadline)) {
        String why =
            "topic %s is read up to offset %d only (expected: %d within %d ms)"
                .formatted(topic.name(), progress.endOffset(), until, config.answerWithinMs());
        trouble = why;
        throw new WinnowException(
            ErrorCode.UNAVAILABLE,
            "event log: " + why + "; send them again, what is in the log is known by its id");
      }
    }

    /** Asks the index who was first. */
    void decide() throws IOException {
      for (int i = 0; i < offsets.length; i++) {
        int at = EventIdentity.LONGS * i;
        if (!EventIdentity.isEvent(submission.identities(), at)) {
          submission.accept(i, offsets[i]);
          continue;
        }
        IdIndex.Entry first = index.find(submission.identities(), at);
        if (first == null) {
          throw progress.refuse(
              "an event of topic %s is not in the id index; open the log anew"
                  .formatted(topic.name()),
              null);
        }
        if (first.offset() == offsets[i]) {
          submission.accept(i, offsets[i]);
        } else {
          submission.repeat(i, first);
        }
      }
    }
  }

  /** What stands for an event's id alone. */
  private record Id(long high, long low) {}

  @Override
  public Optional<String> trouble() {
    WinnowException refusal = progress.refusal().reason();
    if (refusal != null) {
      return Optional.ofNullable(refusal.getMessage());
    }
    String reading = tail.trouble();
    return Optional.ofNullable(reading != null ? reading : trouble);
  }

  /** How many records of the topic could not be decoded since opening; they are left out. */
  long undecodable() {
    return tail.undecodable();
  }

  @Override
  public long endOffset() {
    return progress.endOffset();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    long first = Math.max(0, from);
    long until = Math.min(to, progress.endOffset());
    if (first < until) {
      replays.replay(first, until, visitor);
    }
  }

  /** Waits for what was sent, then lets go of the clients and files. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    budget.close();
    budget.awaitEmpty();
    Closing.uninterrupted(this::closeParts);
  }

  private void closeParts() {
    watch.shutdownNow();
    tail.close();
    replays.close();
    sender.close();
    topic.close();
    index.close();
    try {
      lock.close();
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot be closed", e);
    }
  }
}
