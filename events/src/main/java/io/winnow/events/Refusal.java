package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether a log goes on, or why it takes nothing until it is opened anew. Thread-safe. */
final class Refusal {
  private static final Logger log = LoggerFactory.getLogger(Refusal.class);

  private volatile @Nullable WinnowException reason;

  /** Why nothing is taken, or null. */
  @Nullable WinnowException reason() {
    return reason;
  }

  /** From here on nothing is taken. */
  WinnowException refuse(String what, @Nullable Throwable cause) {
    WinnowException why =
        new WinnowException(ErrorCode.UNAVAILABLE, "event log: " + what, List.of(), cause);
    reason = why;
    log.error("event log: takes no more records: {}", what, cause);
    return why;
  }

  /** Throws the reason, if there is one, with the caller's own stack. */
  void check() {
    WinnowException why = reason;
    if (why != null) {
      throw new WinnowException(why.code(), String.valueOf(why.getMessage()), why);
    }
  }
}
