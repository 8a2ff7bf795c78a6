package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One call's records on their way through the committer: the caller's thread fills it with the
 * valid ones, encoded; the committer decides each and completes it; the caller's thread makes the
 * verdicts.
 *
 * <p>A valid record is a candidate and has a number, counted from 0 without the invalid ones.
 */
final class Submission {
  private final LogRecord[] records;
  private final @Nullable Problem[] problems;
  private final Frames frames;
  private final long[] identities;

  /** The place of each candidate in the call. */
  private final int[] places;

  /** By candidate: the offset of the record, or of the one it duplicates. */
  private final long[] offsets;

  private final boolean[] duplicates;
  private final CompletableFuture<Void> done = new CompletableFuture<>();

  Submission(List<LogRecord> records) {
    this.records = records.toArray(LogRecord[]::new);
    int count = this.records.length;
    problems = new Problem[count];
    frames = new Frames(count);
    identities = new long[EventIdentity.LONGS * count];
    places = new int[count];
    offsets = new long[count];
    duplicates = new boolean[count];
  }

  /** How many records the call has, valid or not. */
  int places() {
    return records.length;
  }

  LogRecord at(int place) {
    return records[place];
  }

  /** Makes a record a candidate, whose frame and identity have been begun. */
  void add(int place) {
    places[frames.count()] = place;
    frames.end();
  }

  /** Gives the verdict on a record that is not valid. */
  void refuse(int place, Problem problem) {
    problems[place] = problem;
  }

  /** How many records are valid. */
  int candidates() {
    return frames.count();
  }

  /** Of the candidates, encoded. */
  long bytes() {
    return frames.payloadBytes();
  }

  LogRecord candidate(int candidate) {
    return records[places[candidate]];
  }

  /** {@link EventIdentity#LONGS} longs of each candidate that is an event; others have zeros. */
  long[] identities() {
    return identities;
  }

  Frames frames() {
    return frames;
  }

  void accept(int candidate, long offset) {
    offsets[candidate] = offset;
  }

  /** Gives the verdict on an event whose id the log holds already. */
  void repeat(int candidate, IdIndex.Entry earlier) {
    frames.drop(candidate);
    if (earlier.content() == identities[EventIdentity.LONGS * candidate + 2]) {
      offsets[candidate] = earlier.offset();
      duplicates[candidate] = true;
    } else if (candidate(candidate) instanceof LogRecord.Happened happened) {
      problems[places[candidate]] =
          new Problem(
              "id",
              happened.event().id(),
              "an id that is new: offset %d holds another event with it"
                  .formatted(earlier.offset()));
    }
  }

  boolean isAccepted(int candidate) {
    return !frames.isDropped(candidate);
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

  /** What became of the records, in their order; when the committer is done with them. */
  List<Verdict> verdicts() {
    List<Verdict> verdicts = new ArrayList<>(records.length);
    int candidate = 0;
    for (int place = 0; place < records.length; place++) {
      boolean valid = candidate < candidates() && places[candidate] == place;
      Problem problem = problems[place];
      if (problem != null) {
        verdicts.add(new Verdict(Verdict.Status.REJECTED, -1, problem));
      } else if (valid) {
        Verdict.Status status =
            duplicates[candidate] ? Verdict.Status.DUPLICATE : Verdict.Status.ACCEPTED;
        verdicts.add(new Verdict(status, offsets[candidate], null));
      } else {
        throw new WinnowException(ErrorCode.INTERNAL, "event log: a record without verdict");
      }
      candidate += valid ? 1 : 0;
    }
    return verdicts;
  }
}
