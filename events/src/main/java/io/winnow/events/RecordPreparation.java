package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import java.security.MessageDigest;
import java.util.List;

/**
 * What every log does with a call's records in the caller's thread, before it looks at the ids it
 * knows: bounds, validation, encoding. Thread-safe.
 */
final class RecordPreparation {
  private final EventLogConfig.Limits limits;
  private final RecordValidator validator;

  RecordPreparation(EventLogConfig.Limits limits, Schema schema, TimeSource clock) {
    this.limits = limits;
    this.validator = new RecordValidator(schema, clock, limits.futureMs());
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
    Submission submission = new Submission(records.size());
    MessageDigest digest = EventIdentity.digest();
    for (int i = 0; i < records.size(); i++) {
      prepare(submission, i, records.get(i), digest);
    }
    if (submission.bytes() > limits.appendBytes()) {
      throw tooLarge("bytes", submission.bytes(), limits.appendBytes());
    }
    return submission;
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
}
