package io.winnow.lifecycle.rollout;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.application.Objectives;
import io.winnow.events.LastTouch;
import io.winnow.events.RecordSource;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Cuped;
import io.winnow.experiments.statistics.Interval;
import io.winnow.experiments.statistics.SequentialPlan;
import io.winnow.experiments.statistics.UnitMoments;
import io.winnow.experiments.statistics.UnitTotals;
import io.winnow.lifecycle.rollout.CanarySplit.Side;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the users of a canary did: outcomes of the application's first objective per slate, of those
 * that the challenger answers against their control. A fold over the log from the canary's
 * beginning on; any server computes the same from the same offsets, and goes on from where it
 * stopped.
 *
 * <p>A slate is the impression at place 0; it counts for the release that the rollout gives its
 * user, and not where another release answered (an experiment's arm, or a server that had not
 * switched yet). An outcome belongs to a showing of its item to its user as {@link LastTouch} says,
 * within the application's window, once. What users did in the log's newest records before the
 * canary is folded too, and taken out of the comparison's noise ({@link Cuped}).
 *
 * <p>Bounded: at most {@value #USERS_MAX} users, in the order in which they come, and {@value
 * #SHOWINGS_MAX} showings that wait for an outcome, the newest. Not thread-safe.
 */
final class OutcomeEvidence {
  /** Most users that are followed. */
  static final int USERS_MAX = 500_000;

  /** Most showings that wait for an outcome. */
  static final int SHOWINGS_MAX = 1_000_000;

  /** How many records before the canary tell what its users did before. */
  static final int RECORDS_BEFORE = 200_000;

  /** Fewest users of each side before anything is said. */
  static final int USERS_MIN = 30;

  private static final double POWER = 0.8;

  private final Trial trial;
  private final Objectives objectives;
  private final Map<UserId, Unit> users = new HashMap<>();
  private final LastTouch<Pair, Showing> showings;
  private final Map<Side, UnitMoments> moments =
      Map.of(Side.CHALLENGER, new UnitMoments(), Side.CONTROL, new UnitMoments());
  private long nextOffset;
  private long slates;
  private long stepFromOffset;
  private long stepSlates;
  private long controlSlates;

  /**
   * What is compared.
   *
   * @param split whose salt says where users lie
   * @param candidate answers the challenger's side
   * @param champion answers the control
   * @param shareMax the last step's share: whom the canary will ever concern
   * @param steps by the log's offset at which they began, ascending: the share from there on
   */
  record Trial(
      CanarySplit split, String candidate, String champion, double shareMax, List<Step> steps) {
    /** Copies the list. */
    Trial {
      steps = List.copyOf(steps);
    }

    long fromOffset() {
      return steps.getFirst().fromOffset();
    }

    double share(long offset) {
      double share = 0;
      for (Step step : steps) {
        if (offset >= step.fromOffset()) {
          share = step.share();
        }
      }
      return share;
    }
  }

  /** A step of the canary. */
  record Step(long fromOffset, double share) {}

  private record Pair(UserId user, ItemId item) {}

  /** A place of a slate, which waits for its first outcome if it counts. */
  private static final class Showing {
    final Unit unit;
    final boolean before;
    boolean waits;

    Showing(Unit unit, boolean before, boolean waits) {
      this.unit = unit;
      this.before = before;
      this.waits = waits;
    }
  }

  /** One user's sums. */
  private static final class Unit {
    final double position;
    Side side = Side.NEITHER;
    double outcomes;
    double slates;
    double outcomesBefore;
    double slatesBefore;

    Unit(double position) {
      this.position = position;
    }

    UnitTotals totals() {
      return new UnitTotals(outcomes, slates, outcomesBefore, slatesBefore);
    }
  }

  OutcomeEvidence(Trial trial, Objectives objectives) {
    this.trial = trial;
    this.objectives = objectives;
    this.showings = new LastTouch<>(objectives.within(), LastTouch.LATE);
    this.nextOffset = Math.max(0, trial.fromOffset() - RECORDS_BEFORE);
  }

  /** Whether this is the fold of a trial, or of one that it goes on from, by the same measure. */
  boolean isOf(Trial other, Objectives measured) {
    return objectives.equals(measured)
        && trial.shareMax() == other.shareMax()
        && trial.split().canary().salt().equals(other.split().canary().salt())
        && trial.candidate().equals(other.candidate())
        && trial.champion().equals(other.champion())
        && trial.fromOffset() == other.fromOffset();
  }

  /** Takes in what the log holds by now. */
  void follow(RecordSource log, Trial now, long toOffset) {
    if (now.steps().getLast().fromOffset() != stepFromOffset) {
      stepFromOffset = now.steps().getLast().fromOffset();
      stepSlates = 0;
    }
    if (toOffset > nextOffset) {
      log.replay(nextOffset, toOffset, (offset, record) -> take(offset, record, now));
      nextOffset = toOffset;
    }
  }

  private void take(long offset, LogRecord record, Trial now) {
    if (!(record instanceof LogRecord.Happened(Event event))) {
      return;
    }
    Impression impression = event.impression();
    if (impression != null) {
      shown(offset, event, impression, now);
    } else if (objectives.list().getFirst().when().test(event)) {
      outcome(event);
    }
  }

  private void shown(long offset, Event event, Impression impression, Trial now) {
    Unit unit = unit(event.user(), now);
    if (unit == null) {
      return;
    }
    boolean first = impression.position() == 0;
    boolean before = offset < now.fromOffset();
    boolean counts = before;
    if (before) {
      unit.slatesBefore += first ? 1 : 0;
    } else {
      Side side = CanarySplit.side(unit.position, now.share(offset));
      boolean asPlanned = isOf(side, impression.provenance().release(), now);
      if (asPlanned && first) {
        slate(unit, side);
        if (side == Side.CHALLENGER && offset >= now.steps().getLast().fromOffset()) {
          stepSlates++;
        }
      }
      counts = asPlanned && unit.side != Side.NEITHER;
    }
    // What does not count takes its outcomes away from earlier showings all the same.
    await(event, new Showing(unit, before, counts));
  }

  /** Whether the release answered that the rollout gives a side. */
  private static boolean isOf(Side side, String release, Trial now) {
    return switch (side) {
      case CHALLENGER -> release.equals(now.candidate());
      case CONTROL -> release.equals(now.champion());
      case NEITHER -> false;
    };
  }

  private void slate(Unit unit, Side side) {
    UnitMoments of = of(side);
    UnitTotals old = unit.totals();
    unit.slates++;
    if (unit.side == Side.NEITHER) {
      unit.side = side;
      of.add(unit.totals());
    } else {
      of.replace(old, unit.totals());
    }
    if (side == Side.CHALLENGER) {
      slates++;
    } else {
      controlSlates++;
    }
  }

  private UnitMoments of(Side side) {
    UnitMoments of = moments.get(side);
    if (of == null) {
      throw new IllegalStateException("no such side: " + side);
    }
    return of;
  }

  /** The user's sums; null for one that no step of the canary concerns, and beyond the bound. */
  private @Nullable Unit unit(UserId user, Trial now) {
    Unit known = users.get(user);
    if (known != null) {
      return known;
    }
    double position = now.split().position(user);
    if (CanarySplit.side(position, now.shareMax()) == Side.NEITHER || users.size() >= USERS_MAX) {
      return null;
    }
    Unit unit = new Unit(position);
    users.put(user, unit);
    return unit;
  }

  private void await(Event event, Showing showing) {
    showings.expire(event.timeMs());
    if (showings.size() == SHOWINGS_MAX) {
      showings.forgetFirst();
    }
    showings.show(new Pair(event.user(), event.item()), event.timeMs(), showing);
  }

  private void outcome(Event event) {
    Showing showing = showings.of(new Pair(event.user(), event.item()), event.timeMs());
    if (showing == null || !showing.waits) {
      return;
    }
    showing.waits = false;
    Unit unit = showing.unit;
    UnitTotals old = unit.totals();
    if (showing.before) {
      unit.outcomesBefore++;
    } else {
      unit.outcomes++;
    }
    if (unit.side != Side.NEITHER) {
      of(unit.side).replace(old, unit.totals());
    }
  }

  /**
   * Compares both sides as they stand.
   *
   * @param confidence of the interval, over all looks together
   * @param effect the relative loss that is to be excluded: the interval is narrowest where that
   *     much can be told
   */
  OutcomeComparison compare(double confidence, double effect) {
    UnitMoments challenger = of(Side.CHALLENGER);
    UnitMoments control = of(Side.CONTROL);
    Cuped adjusted = Cuped.of(List.of(control.snapshot(), challenger.snapshot()));
    Contrast contrast = new Contrast(adjusted.adjusted().getFirst(), adjusted.adjusted().getLast());
    Interval lift = Interval.EVERYTHING;
    if (challenger.units() >= USERS_MIN && control.units() >= USERS_MIN) {
      SequentialPlan plan = SequentialPlan.always(1 - confidence, POWER, effect);
      double level = SequentialPlan.level(adjusted.adjusted());
      double critical =
          plan.rule().judge(List.of(plan.look(contrast, level, 0, false))).getFirst().critical();
      lift = contrast.liftInterval(critical);
    }
    return new OutcomeComparison(
        stepSlates,
        slates,
        controlSlates,
        challenger.units(),
        control.units(),
        adjusted.adjusted().getLast().value(),
        adjusted.adjusted().getFirst().value(),
        lift);
  }
}
