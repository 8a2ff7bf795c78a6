package io.winnow.simulator;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** What will happen when: visits, publications, sign-ups. Equal times keep their order. */
final class Schedule {
  private static final double DAY_MS = 86_400_000.0;
  private static final int HOURS = 24;

  /** Visits by hour of the day relative to the busiest, and their mean; see {@link #daylight}. */
  private static final double MEAN_DAYLIGHT = meanDaylight();

  private final PriorityQueue<Entry> queue =
      new PriorityQueue<>(Comparator.comparingLong(Entry::timeMs).thenComparingLong(Entry::order));
  private final Dice dice;
  private long entries;

  Schedule(Dice dice) {
    this.dice = dice;
  }

  void add(long timeMs, Kind kind, int index) {
    queue.add(new Entry(timeMs, entries++, kind, index));
  }

  /** Takes the next entry before a time, or null. */
  @Nullable Entry next(long endMs) {
    Entry head = queue.peek();
    return head == null || head.timeMs() >= endMs ? null : queue.poll();
  }

  /**
   * When a person begins the next session: a Poisson process that follows the hours of the day, by
   * thinning (Lewis, Shedler 1979).
   *
   * @param session how many the person has had
   */
  long nextSessionMs(Person person, int session, long afterMs) {
    double peakPerDay = person.sessionsPerDay() / MEAN_DAYLIGHT;
    double timeMs = afterMs;
    for (int attempt = 0; ; attempt++) {
      timeMs +=
          gapDays(Dice.Roll.SESSION_GAP, person.index(), session, attempt, peakPerDay) * DAY_MS;
      double hour = timeMs / DAY_MS * HOURS - person.owl();
      if (dice.uniform(Dice.Roll.SESSION_THINNING, person.index(), session, attempt)
          < daylight(hour)) {
        return (long) timeMs;
      }
    }
  }

  /** An exponential gap, in days. */
  double gapDays(Dice.Roll roll, long a, long b, long c, double perDay) {
    return -StrictMath.log1p(-dice.uniform(roll, a, b, c)) / perDay;
  }

  /** In (0, 1]: small at night, peaks in the morning, at noon and, the highest, in the evening. */
  static double daylight(double hour) {
    double sum = 0.06 + 0.4 * bump(hour, 8, 1.5) + 0.5 * bump(hour, 13, 2.5) + bump(hour, 21, 2.2);
    return Math.min(1, sum);
  }

  private static double bump(double hour, double center, double width) {
    double distance = Math.abs(hour - center) % HOURS;
    double around = Math.min(distance, HOURS - distance) / width;
    return StrictMath.exp(-around * around / 2);
  }

  private static double meanDaylight() {
    double sum = 0;
    for (int minute = 0; minute < HOURS * 60; minute++) {
      sum += daylight(minute / 60.0);
    }
    return sum / (HOURS * 60);
  }

  /** What happens. */
  enum Kind {
    /** The indexed person visits. */
    VISIT,
    /** A video is published. */
    PUBLICATION,
    /** A person signs up. */
    SIGN_UP
  }

  /**
   * An appointment.
   *
   * @param order of entry, which decides between equal times
   * @param index of the person who visits; how many before for the others
   */
  record Entry(long timeMs, long order, Kind kind, int index) {}
}
