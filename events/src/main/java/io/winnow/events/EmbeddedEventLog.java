package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event log in files of this process.
 *
 * <p>Callers validate and encode in their own threads and queue up; one committer takes all that
 * wait as a group, drops duplicates, writes the group and forces it to the medium once (group
 * commit: DeWitt et al., Implementation techniques for main memory database systems, SIGMOD 1984).
 * The longer the disk takes, the larger the groups. A third thread feeds the folds with the group
 * and then acknowledges every caller, while the committer is at the next group.
 */
final class EmbeddedEventLog implements EventLog {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedEventLog.class);

  /** A group ends behind the call that reaches it. */
  private static final long GROUP_BYTES = 8L << 20;

  private static final int REPLAY_BATCH = 1024;

  private final RecordPreparation preparation;
  private final Folds folds;
  private final FolderLock lock;
  private final Segments segments;
  private final IdIndex index;
  private final SubmissionQueue queue;
  private final FoldStage foldStage;
  private final Refusal refusal = new Refusal();
  private final Thread committer;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Everything below is on disk and in the folds. */
  private volatile long endOffset;

  private EmbeddedEventLog(
      EventLogConfig config,
      RecordPreparation preparation,
      Folds folds,
      FolderLock lock,
      Segments segments,
      IdIndex index) {
    this.preparation = preparation;
    this.folds = folds;
    this.lock = lock;
    this.segments = segments;
    this.index = index;
    EventLogConfig.Limits limits = config.limits();
    this.queue = new SubmissionQueue(limits.queueRecords(), limits.queueBytes());
    this.foldStage = new FoldStage(folds, end -> endOffset = end, refusal, queue);
    this.committer =
        Thread.ofPlatform().name("event-log-committer").daemon().unstarted(this::commitAll);
  }

  /** Opens the log for records of one schema. */
  static EmbeddedEventLog open(
      EventLogConfig config,
      Schema schema,
      TimeSource clock,
      List<LogFold> folds,
      LogFile.Opener disk) {
    return open(config, () -> schema, clock, folds, disk);
  }

  /** Opens the log, brings the id index and the folds up to its end, and starts to take appends. */
  static EmbeddedEventLog open(
      EventLogConfig config,
      Supplier<Schema> schema,
      TimeSource clock,
      List<LogFold> folds,
      LogFile.Opener disk) {
    Path folder = config.folder();
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      Files.createDirectories(folder);
      FolderLock lock = FolderLock.acquire(folder.resolve("lock"));
      opened.add(lock);
      Segments segments =
          Segments.open(folder, config.segmentBytes(), config.limits().recordBytes(), disk);
      opened.add(segments);
      IdIndex index =
          IdIndex.open(folder.resolve("index"), segments.endOffset(), config.newestIds());
      opened.add(index);
      RecordPreparation preparation =
          new RecordPreparation(config.limits(), schema, clock, index.identity());
      EmbeddedEventLog eventLog =
          new EmbeddedEventLog(config, preparation, new Folds(folds), lock, segments, index);
      eventLog.catchUp();
      eventLog.foldStage.start();
      eventLog.committer.start();
      return eventLog;
    } catch (IOException e) {
      Closing.afterFailure(opened, e);
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot open " + folder, e);
    } catch (RuntimeException e) {
      Closing.afterFailure(opened, e);
      throw e;
    }
  }

  /** Replays to the id index and to each fold what they have not seen. */
  private void catchUp() throws IOException {
    long end = segments.endOffset();
    for (LogFold fold : folds.all()) {
      long applied = fold.appliedOffset();
      if (applied > end) {
        log.error(
            "{} has seen {} records, the log holds {}: it knows records that the log lost and is to"
                + " be rebuilt; their offsets are not used again",
            fold.getClass().getName(),
            applied,
            end);
      }
      segments.skipTo(applied);
    }
    long from = folds.lowestAppliedOffset(index.appliedOffset());
    CatchUp catchUp = new CatchUp();
    segments.replay(from, end, catchUp);
    catchUp.flush();
    endOffset = segments.endOffset();
    if (from < end) {
      log.info("event log: replayed offsets {} to {} on opening", from, end);
    }
  }

  /** Collects replayed records into batches. */
  private final class CatchUp implements Segments.FrameVisitor {
    private final List<LogRecord> records = new ArrayList<>();
    private final long[] offsets = new long[REPLAY_BATCH];
    private final long[] identities = new long[EventIdentity.LONGS * REPLAY_BATCH];
    private final boolean foldsAreBehind =
        folds.lowestAppliedOffset(segments.endOffset()) < segments.endOffset();
    private int size;
    private @Nullable IOException failure;

    @Override
    public void visit(long offset, byte[] bytes, int from, int length) {
      if (offset >= index.appliedOffset()) {
        index.identity().of(bytes, from, length, identities, EventIdentity.LONGS * size);
      } else {
        EventIdentity.none(identities, EventIdentity.LONGS * size);
      }
      offsets[size++] = offset;
      if (foldsAreBehind) {
        records.add(LogCodec.decode(bytes, from, length));
      }
      if (size == REPLAY_BATCH) {
        flushBatch();
      }
    }

    private void flushBatch() {
      long next = offsets[size - 1] + 1;
      if (next > index.appliedOffset() && failure == null) {
        try {
          index.replayed(identities, offsets, size);
          index.commit(next);
        } catch (IOException e) {
          failure = e;
        }
      }
      if (foldsAreBehind) {
        folds.apply(Arrays.copyOf(offsets, size), List.copyOf(records));
      }
      records.clear();
      size = 0;
    }

    void flush() throws IOException {
      if (size > 0) {
        flushBatch();
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  @Override
  public List<Verdict> append(List<LogRecord> records) {
    Submission submission = preparation.prepare(records);
    if (submission.candidates() > 0) {
      refusal.check();
      queue.put(submission);
      submission.await();
    }
    return submission.verdicts();
  }

  private void commitAll() {
    List<Submission> group = queue.take(GROUP_BYTES);
    while (!group.isEmpty()) {
      try {
        refusal.check();
        foldStage.put(commit(group));
      } catch (WinnowException e) {
        fail(group, e);
      } catch (RuntimeException | Error e) {
        fail(group, refusal.refuse("the committer failed; open the log anew", e));
      }
      group = queue.take(GROUP_BYTES);
    }
  }

  private void fail(List<Submission> group, WinnowException why) {
    queue.done(group);
    group.forEach(submission -> submission.fail(why));
  }

  /** Brings what is new in a group of calls to the disk. */
  private FoldStage.Group commit(List<Submission> group) {
    long first = segments.endOffset();
    long end = first;
    try {
      for (Submission submission : group) {
        end = decide(submission, end);
      }
    } catch (IOException e) {
      throw refusal.refuse("the id index cannot be read; open the log anew", e);
    }
    long[] offsets = new long[(int) (end - first)];
    if (offsets.length > 0) {
      write(group, offsets.length);
    }
    List<LogRecord> records = new ArrayList<>(offsets.length);
    for (Submission submission : group) {
      for (int candidate = 0; candidate < submission.candidates(); candidate++) {
        if (submission.isAccepted(candidate)) {
          offsets[records.size()] = first + records.size();
          records.add(submission.candidate(candidate));
        }
      }
    }
    return new FoldStage.Group(group, offsets, Collections.unmodifiableList(records), end);
  }

  /** Gives verdicts on a call's records, and offsets to those that are new. */
  private long decide(Submission submission, long firstOffset) throws IOException {
    IdIndex.@Nullable Entry @Nullable [] earlier =
        index.addNew(submission.identities(), submission.candidates(), firstOffset);
    long offset = firstOffset;
    for (int candidate = 0; candidate < submission.candidates(); candidate++) {
      IdIndex.Entry repeated = earlier == null ? null : earlier[candidate];
      if (repeated == null) {
        submission.accept(candidate, offset++);
      } else {
        submission.repeat(candidate, repeated);
      }
    }
    return offset;
  }

  private void write(List<Submission> group, int count) {
    try {
      segments.append(group.stream().map(Submission::frames).toList());
    } catch (IOException e) {
      index.rollBack();
      if (segments.isUncertain()) {
        throw refusal.refuse("the disk failed and what it holds is unknown; open the log anew", e);
      }
      log.error("event log: nothing of {} records was written", count, e);
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: the disk takes no writes", e);
    }
    try {
      index.commit(segments.endOffset());
    } catch (IOException e) {
      throw refusal.refuse("the id index cannot be written; open the log anew", e);
    }
  }

  @Override
  public Optional<String> trouble() {
    return Optional.ofNullable(refusal.reason()).map(WinnowException::getMessage);
  }

  @Override
  public long endOffset() {
    return endOffset;
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    PrefixView.replay(segments, from, Math.min(to, endOffset), visitor);
  }

  /** Commits what waits, then lets go of the files. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    queue.close();
    Uninterruptibly.run(committer::join);
    foldStage.finish();
    index.close();
    try {
      try {
        segments.close();
      } finally {
        lock.close();
      }
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot be closed", e);
    }
  }
}
