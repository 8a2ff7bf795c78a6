package io.winnow.serving;

import io.winnow.core.LogRecord;
import io.winnow.events.EventLog;
import java.util.List;
import java.util.Optional;

/** A real log before which something can happen. */
final class TroubledLog implements EventLog {
  private final EventLog log;

  /** Happens at the beginning of each append. */
  volatile Runnable trouble = () -> {};

  /** What it says of itself. */
  volatile Optional<String> said = Optional.empty();

  TroubledLog(EventLog log) {
    this.log = log;
  }

  @Override
  public List<Verdict> append(List<LogRecord> records) {
    trouble.run();
    return log.append(records);
  }

  @Override
  public long endOffset() {
    return log.endOffset();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    log.replay(from, to, visitor);
  }

  @Override
  public Optional<String> trouble() {
    return said.or(log::trouble);
  }

  @Override
  public void close() {
    log.close();
  }
}
