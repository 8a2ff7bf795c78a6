package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The event log in files of this process.
 *
 * <p>Callers validate and encode in their own threads and queue up; one committer takes all that
 * wait as a group, drops duplicates, writes the group, forces it to the medium once, feeds the
 * folds, and then acknowledges every caller (group commit: DeWitt et al., Implementation techniques
 * for main memory database systems, SIGMOD 1984). The longer the disk takes, the larger the groups.
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
  private final Thread committer;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** Everything below is on disk and in the folds. */
  private volatile long endOffset;

  /** Why the log takes nothing until it is opened anew. */
  private volatile @Nullable WinnowException refusal;

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
    this.committer =
        Thread.ofPlatform().name("event-log-committer").daemon().unstarted(this::commitAll);
  }

  /** Opens the log, brings the id index and the folds up to its end, and starts to take appends. */
  static EmbeddedEventLog open(
      EventLogConfig config,
      Schema schema,
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
      IdIndex index = IdIndex.open(folder.resolve("index"), segments.endOffset());
      opened.add(index);
      RecordPreparation preparation = new RecordPreparation(config.limits(), schema, clock);
      EmbeddedEventLog eventLog =
          new EmbeddedEventLog(config, preparation, new Folds(folds), lock, segments, index);
      eventLog.catchUp();
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
    private final MessageDigest digest = EventIdentity.digest();
    private final List<LogRecord> records = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private final List<EventIdentity> identities = new ArrayList<>();
    private final List<Long> identityOffsets = new ArrayList<>();
    private @Nullable IOException failure;

    @Override
    public void visit(long offset, byte[] bytes, int from, int length) {
      LogRecord decoded = LogCodec.decode(bytes, from, length);
      if (decoded instanceof LogRecord.Happened happened && offset >= index.appliedOffset()) {
        identities.add(EventIdentity.of(digest, happened.event()));
        identityOffsets.add(offset);
      }
      records.add(decoded);
      offsets.add(offset);
      if (records.size() == REPLAY_BATCH) {
        flushBatch();
      }
    }

    private void flushBatch() {
      long next = offsets.getLast() + 1;
      if (next > index.appliedOffset() && failure == null) {
        try {
          index.put(identities, identityOffsets, List.of(), next);
        } catch (IOException e) {
          failure = e;
        }
      }
      folds.apply(offsets, records);
      records.clear();
      offsets.clear();
      identities.clear();
      identityOffsets.clear();
    }

    void flush() throws IOException {
      if (!records.isEmpty()) {
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
    if (!submission.candidates().isEmpty()) {
      checkTaking();
      queue.put(submission);
      submission.await();
    }
    return submission.verdicts();
  }

  private void checkTaking() {
    WinnowException why = refusal;
    if (why != null) {
      throw new WinnowException(why.code(), String.valueOf(why.getMessage()), why);
    }
  }

  private void commitAll() {
    List<Submission> group = queue.take(GROUP_BYTES);
    while (!group.isEmpty()) {
      try {
        checkTaking();
        commit(group);
        group.forEach(Submission::acknowledge);
      } catch (WinnowException e) {
        fail(group, e);
      } catch (RuntimeException | Error e) {
        fail(group, refuse("the committer failed; open the log anew", e));
      }
      group = queue.take(GROUP_BYTES);
    }
  }

  private static void fail(List<Submission> group, WinnowException why) {
    group.forEach(submission -> submission.fail(why));
  }

  private WinnowException refuse(String what, Throwable cause) {
    WinnowException why = new WinnowException(ErrorCode.UNAVAILABLE, "event log: " + what, cause);
    refusal = why;
    log.error("event log: takes no more records: {}", what, cause);
    return why;
  }

  private void commit(List<Submission> group) {
    Group accepted = new Group(segments.endOffset());
    try {
      for (Submission submission : group) {
        for (Submission.Candidate candidate : submission.candidates()) {
          accepted.decide(submission, candidate, index);
        }
      }
    } catch (IOException e) {
      throw refuse("the id index cannot be read; open the log anew", e);
    }
    if (accepted.payloads.isEmpty()) {
      return;
    }
    try {
      segments.append(accepted.payloads);
    } catch (IOException e) {
      if (segments.isUncertain()) {
        throw refuse("the disk failed and what it holds is unknown; open the log anew", e);
      }
      log.error("event log: nothing of {} records was written", accepted.payloads.size(), e);
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: the disk takes no writes", e);
    }
    try {
      index.put(accepted.identities, accepted.identityOffsets, List.of(), segments.endOffset());
    } catch (IOException e) {
      throw refuse("the id index cannot be written; open the log anew", e);
    }
    try {
      folds.apply(accepted.offsets, accepted.records);
    } catch (RuntimeException e) {
      // The records are on disk, but not in every fold: only a replay brings them together.
      throw refuse("a fold failed; open the log anew", e);
    }
    endOffset = segments.endOffset();
  }

  /** The records of one commit, as they are decided. */
  private static final class Group {
    private final long firstOffset;
    private final List<LogRecord> records = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private final List<byte[]> payloads = new ArrayList<>();
    private final List<EventIdentity> identities = new ArrayList<>();
    private final List<Long> identityOffsets = new ArrayList<>();
    private final Map<EventIdentity.Id, IdIndex.Entry> ids = new HashMap<>();

    Group(long firstOffset) {
      this.firstOffset = firstOffset;
    }

    void decide(Submission submission, Submission.Candidate candidate, IdIndex index)
        throws IOException {
      long offset = firstOffset + payloads.size();
      EventIdentity identity = candidate.identity();
      if (identity != null) {
        IdIndex.Entry earlier = ids.get(identity.id());
        earlier = earlier != null ? earlier : index.find(identity);
        if (earlier != null) {
          submission.resolveRepeated(candidate, identity, earlier);
          return;
        }
        ids.put(identity.id(), new IdIndex.Entry(offset, identity.content()));
        identities.add(identity);
        identityOffsets.add(offset);
      }
      records.add(candidate.logRecord());
      offsets.add(offset);
      payloads.add(candidate.payload());
      submission.resolve(candidate.index(), Verdict.Status.ACCEPTED, offset);
    }
  }

  @Override
  public Optional<String> trouble() {
    return Optional.ofNullable(refusal).map(WinnowException::getMessage);
  }

  @Override
  public long endOffset() {
    return endOffset;
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    long until = Math.min(to, endOffset);
    if (from >= until) {
      return;
    }
    try {
      segments.replay(
          from,
          until,
          (offset, bytes, start, length) ->
              visitor.visit(offset, LogCodec.decode(bytes, start, length)));
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot be read", e);
    }
  }

  /** Commits what waits, then lets go of the files. */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    queue.close();
    boolean interrupted = false;
    while (committer.isAlive()) {
      try {
        committer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    index.close();
    try {
      try {
        segments.close();
      } finally {
        lock.close();
      }
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot be closed", e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
