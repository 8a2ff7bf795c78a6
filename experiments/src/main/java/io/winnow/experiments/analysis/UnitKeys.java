package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import java.time.Instant;

/** What a unit of an experiment is: a user, a session, or of a bandit a user in a period. */
final class UnitKeys {
  private final boolean bySession;
  private final long originMs;
  private final long periodMs;

  UnitKeys(Experiment experiment) {
    this.bySession = experiment.population().unit() == Experiment.Unit.SESSION;
    Instant from = experiment.population().from();
    this.originMs = from == null ? 0 : from.toEpochMilli();
    this.periodMs =
        experiment.design() instanceof Experiment.Design.Bandit bandit
            ? bandit.period().toMillis()
            : 0;
  }

  /** Whether outcomes are joined by request, not by user. */
  boolean bySession() {
    return bySession;
  }

  /** Whether a unit lives in one period only. */
  boolean hasPeriods() {
    return periodMs > 0;
  }

  /** The period of a time; 0 without periods. */
  int period(long timeMs) {
    return periodMs == 0 ? 0 : Math.toIntExact(Math.floorDiv(timeMs - originMs, periodMs));
  }

  /** The key of a unit of which the id's hash is given. */
  long unit(long id, int period) {
    return periodMs == 0 ? id : Hashes.pair(id, period);
  }
}
