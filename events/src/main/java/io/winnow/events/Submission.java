package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One call's records on their way through the committer: the caller fills it, the committer gives
 * the verdicts and completes it.
 */
final class Submission {
  /**
   * A valid record, encoded by the caller's thread.
   *
   * @param index its place in the call
   * @param identity of an event; null for records without id
   */
  record Candidate(
      int index, LogRecord logRecord, byte[] payload, @Nullable EventIdentity identity) {}

  private final @Nullable Verdict[] verdicts;
  private final List<Candidate> candidates = new ArrayList<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private long bytes;

  Submission(int records) {
    verdicts = new Verdict[records];
  }

  void add(Candidate candidate) {
    candidates.add(candidate);
    bytes += candidate.payload().length;
  }

  void reject(int index, Problem problem) {
    verdicts[index] = new Verdict(Verdict.Status.REJECTED, -1, problem);
  }

  void resolve(int index, Verdict.Status status, long offset) {
    verdicts[index] = new Verdict(status, offset, null);
  }

  /** Gives the verdict on an event whose id the log holds at another offset. */
  void resolveRepeated(Candidate candidate, EventIdentity identity, IdIndex.Entry earlier) {
    if (earlier.content() == identity.content()) {
      resolve(candidate.index(), Verdict.Status.DUPLICATE, earlier.offset());
    } else if (candidate.logRecord() instanceof LogRecord.Happened happened) {
      reject(
          candidate.index(),
          new Problem(
              "id",
              happened.event().id(),
              "an id that is new: offset %d holds another event with it"
                  .formatted(earlier.offset())));
    }
  }

  List<Candidate> candidates() {
    return candidates;
  }

  long bytes() {
    return bytes;
  }

  void acknowledge() {
    done.complete(null);
  }

  void fail(WinnowException why) {
    done.completeExceptionally(why);
  }

  /** Waits for the committer. */
  void await() {
    try {
      done.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "event log: interrupted before the records were acknowledged; send them again",
          e);
    } catch (ExecutionException e) {
      // A copy for each caller, with the caller's own stack.
      if (e.getCause() instanceof WinnowException cause) {
        throw new WinnowException(cause.code(), String.valueOf(cause.getMessage()), cause);
      }
      throw new CompletionException(e.getCause());
    }
  }

  List<Verdict> verdicts() {
    List<Verdict> all = new ArrayList<>(verdicts.length);
    for (@Nullable Verdict verdict : Arrays.asList(verdicts)) {
      if (verdict == null) {
        throw new WinnowException(ErrorCode.INTERNAL, "event log: a record without verdict");
      }
      all.add(verdict);
    }
    return all;
  }
}
