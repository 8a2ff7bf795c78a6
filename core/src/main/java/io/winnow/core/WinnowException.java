package io.winnow.core;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A failure at a boundary, with its {@link ErrorCode} and, for bad input, every problem found. */
public final class WinnowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final transient List<Problem> problems;

  /** A failure without field problems. */
  public WinnowException(ErrorCode code, String message) {
    this(code, message, List.of(), null);
  }

  /** A failure with the cause that led to it. */
  public WinnowException(ErrorCode code, String message, Throwable cause) {
    this(code, message, List.of(), cause);
  }

  /** A failure with its problems. */
  public WinnowException(
      ErrorCode code, String message, List<Problem> problems, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.problems = List.copyOf(problems);
  }

  /** Bad input in one field. */
  public static WinnowException invalid(String field, Object value, String expectation) {
    return invalid(List.of(new Problem(field, String.valueOf(value), expectation)));
  }

  /** Bad input in several fields; all of them are in the message. */
  public static WinnowException invalid(List<Problem> problems) {
    return new WinnowException(
        ErrorCode.INVALID_ARGUMENT,
        problems.stream().map(Problem::toString).collect(Collectors.joining("; ")),
        problems,
        null);
  }

  /** Why it failed. */
  public ErrorCode code() {
    return code;
  }

  /** Every problem of the input; empty if the input is not to blame. */
  public List<Problem> problems() {
    return problems;
  }
}
