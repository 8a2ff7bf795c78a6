package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What every log does with a call's records in the caller's thread, before it looks at the ids it
 * knows: bounds, validation, encoding, and what deduplication compares. Thread-safe.
 */
final class RecordPreparation {
  private final EventLogConfig.Limits limits;
  private final RecordValidator validator;
  private final EventIdentity identity;

  /**
   * A preparation for one log.
   *
   * @param identity of the log's id index
   */
  RecordPreparation(
      EventLogConfig.Limits limits, Schema schema, TimeSource clock, EventIdentity identity) {
    this(limits, () -> schema, clock, identity);
  }

  /** A preparation by the schema of the moment. */
  RecordPreparation(
      EventLogConfig.Limits limits,
      Supplier<Schema> schema,
      TimeSource clock,
      EventIdentity identity) {
    this.limits = limits;
    this.validator = new RecordValidator(schema, clock, limits.futureMs());
    this.identity = identity;
  }

  /**
   * Rejects what is not valid and encodes the rest.
   *
   * @throws WinnowException {@code TOO_LARGE} for more than one call may carry
   */
  Submission prepare(List<LogRecord> records) {
    if (records.size() > limits.appendRecords()) {
      throw tooLarge("records", records.size(), limits.appendRecords());
    }
    Submission submission = new Submission(records);
    for (int place = 0; place < submission.places(); place++) {
      Problem problem = prepare(submission, place);
      if (problem != null) {
        submission.refuse(place, problem);
      }
      if (submission.bytes() > limits.appendBytes()) {
        throw tooLarge("bytes", submission.bytes(), limits.appendBytes());
      }
    }
    return submission;
  }

  private @Nullable Problem prepare(Submission submission, int place) {
    LogRecord logRecord = submission.at(place);
    Problem problem = validator.check(logRecord);
    if (problem != null) {
      return problem;
    }
    Frames frames = submission.frames();
    LogCodec.encode(logRecord, frames.begin());
    int length = frames.pendingLength();
    if (length > limits.recordBytes()) {
      return new Problem(
          "record", length + " bytes encoded", "at most " + limits.recordBytes() + " bytes");
    }
    identity.of(
        frames.array(),
        frames.pendingFrom(),
        length,
        submission.identities(),
        EventIdentity.LONGS * frames.count());
    submission.add(place);
    return null;
  }

  private static WinnowException tooLarge(String field, long value, long maximum) {
    Problem problem = new Problem(field, Long.toString(value), "at most " + maximum + " a call");
    return new WinnowException(ErrorCode.TOO_LARGE, problem.toString(), List.of(problem), null);
  }
}
