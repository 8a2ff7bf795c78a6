package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
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

  private final EventLogConfig.Limits limits;
  private final RecordValidator validator;
  private final List<LogFold> folds;
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
      RecordValidator validator,
      List<LogFold> folds,
      FolderLock lock,
      Segments segments,
      IdIndex index) {
    this.limits = config.limits();
    this.validator = validator;
    this.folds = List.copyOf(folds);
    this.lock = lock;
    this.segments = segments;
    this.index = index;
    this.queue = new SubmissionQueue(limits.queueRecords(), limits.queueBytes());
    this.committer =
        Thread.ofPlatform().name("event-log-committer").daemon().unstarted(this::commitAll);
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
      IdIndex index = IdIndex.open(folder.resolve("index"), segments.endOffset());
      opened.add(index);
      RecordValidator validator = new RecordValidator(schema, clock, config.limits().futureMs());
      EmbeddedEventLog eventLog =
          new EmbeddedEventLog(config, validator, folds, lock, segments, index);
      eventLog.catchUp();
      eventLog.committer.start();
      return eventLog;
    } catch (IOException e) {
      closeAfterFailure(opened, e);
      throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: cannot open " + folder, e);
    } catch (RuntimeException e) {
      closeAfterFailure(opened, e);
      throw e;
    }
  }

  private static void closeAfterFailure(List<AutoCloseable> opened, Exception failure) {
    for (AutoCloseable part : opened.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
    }
  }

  /** Replays to the id index and to each fold what they have not seen. */
  private void catchUp() throws IOException {
    long end = segments.endOffset();
    long from = index.appliedOffset();
    for (LogFold fold : folds) {
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
      from = Math.min(from, applied);
    }
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
          index.put(identities, identityOffsets, next);
        } catch (IOException e) {
          failure = e;
        }
      }
      for (LogFold fold : folds) {
        int first = 0;
        while (first < offsets.size() && offsets.get(first) < fold.appliedOffset()) {
          first++;
        }
        if (first < offsets.size()) {
          long[] rest = offsets.subList(first, offsets.size()).stream().mapToLong(o -> o).toArray();
          fold.apply(rest, List.copyOf(records.subList(first, records.size())));
        }
      }
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
    if (records.size() > limits.appendRecords()) {
      throw tooLarge("records", records.size(), limits.appendRecords());
    }
    Submission submission = new Submission(records.size());
    MessageDigest digest = EventIdentity.digest();
    for (int i = 0; i < records.size(); i++) {
      prepare(submission, i, records.get(i), digest);
    }
    if (submission.bytes() > limits.appendBytes()) {
      throw tooLarge("bytes", submission.bytes(), limits.appendBytes());
    }
    if (!submission.candidates().isEmpty()) {
      checkTaking();
      queue.put(submission);
      submission.await();
    }
    return submission.verdicts();
  }

  private void prepare(
      Submission submission, int position, LogRecord logRecord, MessageDigest digest) {
    Problem problem = validator.check(logRecord);
    if (problem != null) {
      submission.reject(position, problem);
      return;
    }
    byte[] payload = LogCodec.encode(logRecord);
    if (payload.length > limits.recordBytes()) {
      submission.reject(
          position,
          new Problem(
              "record",
              payload.length + " bytes encoded",
              "at most " + limits.recordBytes() + " bytes"));
      return;
    }
    EventIdentity identity =
        logRecord instanceof LogRecord.Happened happened
            ? EventIdentity.of(digest, happened.event())
            : null;
    submission.add(new Submission.Candidate(position, logRecord, payload, identity));
  }

  private static WinnowException tooLarge(String field, long value, long maximum) {
    Problem problem = new Problem(field, Long.toString(value), "at most " + maximum + " a call");
    return new WinnowException(ErrorCode.TOO_LARGE, problem.toString(), List.of(problem), null);
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
      index.put(accepted.identities, accepted.identityOffsets, segments.endOffset());
    } catch (IOException e) {
      throw refuse("the id index cannot be written; open the log anew", e);
    }
    try {
      for (LogFold fold : folds) {
        fold.apply(accepted.offsets(), List.copyOf(accepted.records));
      }
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
    private final List<byte[]> payloads = new ArrayList<>();
    private final List<EventIdentity> identities = new ArrayList<>();
    private final List<Long> identityOffsets = new ArrayList<>();
    private final Map<Id, IdIndex.Entry> ids = new HashMap<>();

    /** An id's hash as a key. */
    private record Id(long high, long low) {}

    Group(long firstOffset) {
      this.firstOffset = firstOffset;
    }

    void decide(Submission submission, Submission.Candidate candidate, IdIndex index)
        throws IOException {
      long offset = firstOffset + payloads.size();
      EventIdentity identity = candidate.identity();
      if (identity != null) {
        Id id = new Id(identity.idHigh(), identity.idLow());
        IdIndex.Entry earlier = ids.get(id);
        earlier = earlier != null ? earlier : index.find(identity);
        if (earlier != null) {
          decideRepeated(submission, candidate, identity, earlier);
          return;
        }
        ids.put(id, new IdIndex.Entry(offset, identity.content()));
        identities.add(identity);
        identityOffsets.add(offset);
      }
      records.add(candidate.logRecord());
      payloads.add(candidate.payload());
      submission.resolve(candidate.index(), Verdict.Status.ACCEPTED, offset);
    }

    private static void decideRepeated(
        Submission submission,
        Submission.Candidate candidate,
        EventIdentity identity,
        IdIndex.Entry earlier) {
      if (earlier.content() == identity.content()) {
        submission.resolve(candidate.index(), Verdict.Status.DUPLICATE, earlier.offset());
      } else if (candidate.logRecord() instanceof LogRecord.Happened happened) {
        submission.reject(
            candidate.index(),
            new Problem(
                "id",
                happened.event().id(),
                "an id that is new: offset %d holds another event with it"
                    .formatted(earlier.offset())));
      }
    }

    long[] offsets() {
      long[] offsets = new long[payloads.size()];
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = firstOffset + i;
      }
      return offsets;
    }
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
